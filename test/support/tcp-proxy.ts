/** Stands between a client and its server, and lets the server seem gone or dumb. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface TcpProxy {
  /** `url` with the address of this proxy instead of the server's. */
  readonly urlOf: (url: string) => string
  /** Ends all connections and lets none live. */
  cut(): void
  /** Keeps all connections, and takes new ones, but passes nothing on. */
  stall(): void
  /** As it was; connections that were stalled are ended. */
  restore(): void
  close(): Promise<void>
}

export async function openTcpProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  let mode: 'passing' | 'cut' | 'stalled' = 'passing'
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    if (mode === 'cut') return void client.destroy()
    const upstream = connect(Number(target.port), host)
    keep(upstream)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        if (mode === 'passing') to.write(bytes)
      })
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done))
  const { port } = server.address() as AddressInfo
  const endAll = (): void => sockets.forEach((it) => it.destroy())
  return {
    urlOf: (url) => {
      const through = new URL(url)
      through.hostname = '127.0.0.1'
      through.port = String(port)
      return through.href
    },
    cut: () => {
      mode = 'cut'
      endAll()
    },
    stall: () => {
      mode = 'stalled'
    },
    restore: () => {
      if (mode === 'stalled') endAll()
      mode = 'passing'
    },
    close: async () => {
      endAll()
      await new Promise((done) => server.close(done))
    },
  }
}
