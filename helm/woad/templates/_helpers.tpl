{{- define "woad.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 51 characters, so that the longest suffix ("-inject-cert") fits into a name of 63. */}}
{{- define "woad.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 51 | trimSuffix "-" }}
{{- else if contains (include "woad.name" .) .Release.Name }}
{{- .Release.Name | trunc 51 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "woad.name" .) | trunc 51 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "woad.labels" -}}
app.kubernetes.io/name: {{ include "woad.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: woad
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "woad.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "woad.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ include "woad.tag" $ }}{{ end }}
{{- end -}}
{{- end }}

{{- define "woad.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "woad.inject.serviceAccount" -}}
{{- with .Values.inject.serviceAccount -}}
{{- if .create }}{{ .name | default (include "woad.component.name" (list $ "inject")) }}{{ else }}{{ .name | default "default" }}{{ end }}
{{- end -}}
{{- end }}

{{- define "woad.inject.secret" -}}
{{- with .Values.inject.certificate -}}
{{- if eq .source "secret" }}{{ .secretName }}{{ else }}{{ include "woad.component.name" (list $ "inject") }}-cert{{ end }}
{{- end -}}
{{- end }}

{{/* The restricted Pod Security level, for a pod and for a container; the image names the user. */}}
{{- define "woad.pod.security" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "woad.container.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
