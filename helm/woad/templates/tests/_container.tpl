{{- define "woad.test.container" -}}
image: {{ include "woad.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "woad.container.security" . | nindent 2 }}
resources:
  {{- toYaml .Values.inject.resources | nindent 2 }}
{{- end }}
