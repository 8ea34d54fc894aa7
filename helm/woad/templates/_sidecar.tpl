{{/* What a sidecar's file begins with, as YAML; keys of woad.yaml are laid over it. */}}
{{- define "woad.sidecar.defaults" -}}
{{- $file := .Files.Get (ternary "files/redirected.yaml" "files/explicit.yaml" .Values.redirect) | fromYaml }}
{{- if eq .Values.identity.source "none" }}
{{- range $file.inbound }}
{{- $_ := set . "mtls" "off" }}
{{- end }}
{{- end }}
{{- toYaml $file }}
{{- end }}

{{/* With csi-spiffe the driver asks for a certificate in the name of the pod's own ServiceAccount: `subject` may, in `namespace`. */}}
{{- define "woad.identity.role" -}}
{{- $labels := include "woad.component.labels" (list .root .component) }}
{{- $name := printf "%s-%s" (include "woad.fullname" .root) .name -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ quote .namespace }}
  labels:
    {{- $labels | nindent 4 }}
rules:
  - apiGroups: [cert-manager.io]
    resources: [certificaterequests]
    verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ quote .namespace }}
  labels:
    {{- $labels | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - {{- toYaml .subject | nindent 4 }}
{{- end }}
