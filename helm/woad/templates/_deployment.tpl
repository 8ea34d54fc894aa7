{{/* The Deployment of `component`. Its own are `annotations` of the pods, the beginnings of the `pod`'s spec and of the
`container`, the `volumes`, and the `port` ({name, scheme}) that probes ask. */}}
{{- define "woad.deployment" -}}
{{- $root := .root }}
{{- $component := list .root .component }}
{{- $settings := get .root.Values .component }}
{{- $port := .port }}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "woad.component.metadata" $component | nindent 2 }}
spec:
  replicas: {{ $root.Values.replicas }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "woad.component.selector" $component | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      {{- if eq $settings.antiAffinity "required" }}
      # Where each node has its one pod, a surge would find none.
      maxUnavailable: 1
      maxSurge: 0
      {{- else }}
      maxUnavailable: 0
      maxSurge: 1
      {{- end }}
  template:
    metadata:
      labels:
        {{- $labels := include "woad.component.labels" $component | fromYaml }}
        {{- merge (dict "woad.dev/inject" "disabled") $labels $settings.labels | toYaml | nindent 8 }}
      {{- with merge (dict) .annotations $settings.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- .pod | nindent 6 }}
      enableServiceLinks: false
      {{- with include "woad.pullSecrets" $root }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with $settings.priorityClassName }}
      priorityClassName: {{ quote . }}
      {{- end }}
      securityContext:
        {{- include "woad.pod.security" $root | nindent 8 }}
      {{- with $settings.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $settings.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if ne $settings.antiAffinity "none" }}
      affinity:
        podAntiAffinity:
          {{- if eq $settings.antiAffinity "required" }}
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels:
                  {{- include "woad.component.selector" $component | nindent 18 }}
          {{- else }}
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: kubernetes.io/hostname
                labelSelector:
                  matchLabels:
                    {{- include "woad.component.selector" $component | nindent 20 }}
          {{- end }}
      {{- end }}
      {{- with $settings.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- range . }}
        - {{- merge (dict "labelSelector" (dict "matchLabels" (include "woad.component.selector" $component | fromYaml))) . | toYaml | nindent 10 }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "woad.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          {{- .container | nindent 10 }}
          readinessProbe:
            httpGet: { path: /readyz, port: {{ $port.name }}, scheme: {{ $port.scheme }} }
            periodSeconds: 5
          livenessProbe:
            httpGet: { path: /healthz, port: {{ $port.name }}, scheme: {{ $port.scheme }} }
            periodSeconds: 10
          {{- if semverCompare ">=1.30-0" $root.Capabilities.KubeVersion.Version }}
          # Whoever calls it goes on until it has seen the endpoint leave.
          lifecycle:
            preStop:
              sleep:
                seconds: 5
          {{- end }}
          securityContext:
            {{- include "woad.container.security" $root | nindent 12 }}
          {{- with $settings.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
      volumes:
        {{- .volumes | nindent 8 }}
{{- end }}
