import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { Test } from 'tap'

/** Somebody on this machine whom the server talks to. */
export type Peer = { readonly port: number; readonly uri: string; readonly requests: () => readonly string[] }

export const aPeer = async (
  t: Test,
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  host = '127.0.0.1',
): Promise<Peer> => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const port = portOf(server.address())
  return { port, uri: `http://${host}:${port}/`, requests: () => requests }
}

/** It accepts connections and says nothing. */
export const aSilentPeer = async (t: Test) => {
  let open = 0
  let most = 0
  const server = createTcpServer((socket) => {
    most = Math.max(most, ++open)
    // What a peer says goodbye with is nothing that the test is about.
    socket.on('error', () => {})
    socket.on('close', () => open--)
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1024, resolve))
  t.teardown(() => server.close())
  return { port: portOf(server.address()), open: () => open, most: () => most, server }
}

const portOf = (address: ReturnType<ReturnType<typeof createServer>['address']>): number =>
  typeof address === 'object' && address ? address.port : 0
