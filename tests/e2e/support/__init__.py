"""What the end-to-end suites stand on: the sidecar as a process, origins, clients. Only the
standard library; only loopback."""
