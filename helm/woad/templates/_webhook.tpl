{{- define "woad.webhook.excluded" -}}
{{- with .Values.inject.excludeNamespaces -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{/* What both entries of the webhook's configuration have in common; of: the root, the CA bundle as PEM. */}}
{{- define "woad.webhook.rest" -}}
{{- $root := index . 0 -}}
objectSelector:
  matchExpressions:
    - { key: woad.dev/inject, operator: NotIn, values: [disabled] }
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE]
    resources: [pods]
    scope: Namespaced
clientConfig:
  service:
    name: {{ include "woad.component.name" (list $root "inject") }}
    namespace: {{ $root.Release.Namespace | quote }}
    path: /inject
    port: 443
  {{- with index . 1 }}
  caBundle: {{ b64enc . }}
  {{- end }}
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
# Other webhooks may add containers after this one; a second injection changes nothing.
reinvocationPolicy: IfNeeded
failurePolicy: {{ $root.Values.failurePolicy }}
timeoutSeconds: {{ $root.Values.inject.timeoutSeconds }}
{{- end }}
