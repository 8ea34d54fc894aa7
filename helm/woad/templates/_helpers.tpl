{{- define "woad.name" -}}
{{- .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{/* 51 characters, so that the longest suffix ("-inject-cert") fits into a name of 63. Services have the strictest names (RFC 1035). */}}
{{- define "woad.fullname" -}}
{{- $own := include "woad.name" . }}
{{- $both := ternary .Release.Name (print .Release.Name "-" $own) (contains $own .Release.Name) }}
{{- $name := .Values.fullnameOverride | default $both | trunc 51 | trimAll "-" }}
{{- if not (regexMatch "^[a-z][a-z0-9-]*$" $name) }}
{{- fail (printf "%q cannot begin the names of the objects: a Service's name begins with a letter and has no dot; set fullnameOverride" $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{- define "woad.labels" -}}
app.kubernetes.io/name: {{ include "woad.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
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
  - name: {{ quote . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "woad.inject.serviceAccount" -}}
{{- with .Values.inject.serviceAccount -}}
{{- if .create }}{{ .name | default (include "woad.component.name" (list $ "inject")) }}{{ else }}{{ .name | default "default" }}{{ end }}
{{- end -}}
{{- end }}

{{/* Each source has a name of its own: what cert-manager has made, helm does not take over. */}}
{{- define "woad.inject.secret" -}}
{{- with .Values.inject.certificate -}}
{{- if eq .source "secret" }}{{ .secretName }}{{ else }}{{ include "woad.component.name" (list $ "inject") }}-{{ eq .source "helm" | ternary "cert" "tls" }}{{ end }}
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
