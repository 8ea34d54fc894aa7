{{/* The two parts of a release: `inject`, the webhook, and `control`, the control plane where it is installed. What takes a
component is called with (list ROOT COMPONENT). */}}
{{- define "woad.components" -}}
- inject
{{- if not (include "woad.control.absent" .) }}
- control
{{- end }}
{{- end }}

{{- define "woad.component.name" -}}
{{ include "woad.fullname" (first .) }}-{{ last . }}
{{- end }}

{{/* What never changes between two upgrades: selectors are made of it. */}}
{{- define "woad.component.selector" -}}
app.kubernetes.io/name: {{ include "woad.name" (first .) | quote }}
app.kubernetes.io/instance: {{ (first .).Release.Name | quote }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{- define "woad.component.labels" -}}
{{ include "woad.labels" (first .) }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{/* `metadata` of an object that has its component's name, in the namespace of the release. */}}
{{- define "woad.component.metadata" -}}
name: {{ include "woad.component.name" . }}
namespace: {{ (first .).Release.Namespace | quote }}
labels:
  {{- include "woad.component.labels" . | nindent 2 }}
{{- end }}
