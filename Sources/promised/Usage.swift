enum Usage {
  static let text = """
    promised: answers delivery promises, stock and seller capacity over ttRPC.

    usage: promised --data DIR [options]
           promised --sandbox [options]
           promised --restore FILE|DIR --data NEWDIR [--until POSITION|INSTANT]

      --data DIR               keep log and snapshots here; made when absent
      --listen HOST:PORT       default 127.0.0.1:7420; port 0 picks a free one
      --socket PATH            listen on a Unix socket too
      --config FILE            key = value lines, the same keys as the options
      --snapshot-every TIME    90s, 10m, 2h; 0 = only when asked; default 10m
      --history TIME           how far back decisions can be explained: 7d, 30d; 0 = not beyond
                               what a restart needs; default 30d
      --log-segment-bytes N    size of a log segment, default 67108864
      --sandbox                keep everything in memory, start with the sample world and a
                               clock that `promise time` can set
      --sandbox-items N        size of that world, default 100000
      --restore FILE|DIR       fill the empty --data directory from a snapshot file, or from the
                               newest valid snapshot and the log of a data directory; then exit
      --until POINT            stop the restore at a log position or an instant (UTC, RFC 3339)
      --unsafe-plaintext       listen beyond this machine without TLS
      --unsafe-fixed-time T    answer as if it were T; for tests and demonstrations
      --version, --help

    The first line on standard output is `ready tcp=HOST:PORT`.
    Exit codes: 0 stopped, 64 configuration, 65 data damaged (do not restart), 74 disk failed
    (restart is safe), 75 the data directory is in use.

    """
}
