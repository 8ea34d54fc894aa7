{{/* Why this release has no control plane; "": it has one. */}}
{{- define "woad.control.absent" -}}
{{- if not .Values.control.enabled -}}
control.enabled is false
{{- else if .Values.controlPlane -}}
controlPlane names another one, {{ .Values.controlPlane }}
{{- else if eq .Values.identity.source "none" -}}
identity.source is none, and a control plane gives a file to nobody that cannot prove who it is
{{- end }}
{{- end }}

{{/* Its account; sidecars know a control plane by it: spiffe://TRUST_DOMAIN/ns/…/sa/woad-control. */}}
{{- define "woad.control.account" -}}
woad-control
{{- end }}

{{/* The URL that sidecars have their file from; "": they have it from a ConfigMap. */}}
{{- define "woad.control.url" -}}
{{- if .Values.controlPlane -}}
{{ .Values.controlPlane }}
{{- else if not (include "woad.control.absent" .) -}}
https://{{ include "woad.component.name" (list . "control") }}.{{ .Release.Namespace }}.svc:15010
{{- end }}
{{- end }}

{{/* The volume with certificates, as injected pods have it (proxy/inject/sidecar.cc). */}}
{{- define "woad.identity.volume" -}}
{{- with .Values.identity -}}
{{- if eq .source "secret" -}}
secret:
  secretName: {{ quote .secretName }}
{{- else if eq .source "csi-cert-manager" -}}
csi:
  driver: csi.cert-manager.io
  readOnly: true
  volumeAttributes:
    csi.cert-manager.io/issuer-name: {{ quote .issuer.name }}
    csi.cert-manager.io/issuer-kind: {{ quote .issuer.kind }}
    csi.cert-manager.io/issuer-group: {{ quote .issuer.group }}
    csi.cert-manager.io/uri-sans: spiffe://{{ .trustDomain }}/ns/${POD_NAMESPACE}/sa/${SERVICE_ACCOUNT_NAME}
    csi.cert-manager.io/key-usages: digital signature,server auth,client auth
    csi.cert-manager.io/fs-group: "1337"
{{- else if eq .source "csi-spiffe" -}}
csi:
  driver: spiffe.csi.cert-manager.io
  readOnly: true
  volumeAttributes:
    spiffe.csi.cert-manager.io/fs-group: "1337"
{{- end }}
{{- end }}
{{- end }}
