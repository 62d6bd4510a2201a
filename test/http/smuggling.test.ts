import { connect } from 'node:net'
import t from 'tap'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const { hostname, port } = new URL(server.issuer)

/** Bytes as they are. @returns all that comes back until the connection ends */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk) => {
      text += String(chunk)
    })
    socket.on('close', () => resolve(text))
    socket.on('error', () => resolve(text))
  })

/** What a proxy before us would have taken for the body of the first. */
const smuggled = 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const head = 'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n'
const length = `Content-Length: ${smuggled.length + 5}\r\n`

const shapes: Readonly<Record<string, string>> = {
  'TE.CL': `${head}${length}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'CL.TE': `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  xchunked: `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'chunked and identity': `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  'chunked twice': `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n`,
  'a space before the colon': `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  'a vertical tab': `${head}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  'obs-fold': `${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  'an obs-fold elsewhere': `${head}X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`,
  'two lengths': `${head}Content-Length: 0\r\n${length}\r\n`,
  'a list of lengths': `${head}Content-Length: 0, 0\r\n\r\n`,
  'a signed length': `${head}Content-Length: +0\r\n\r\n`,
  'a negative length': `${head}Content-Length: -1\r\n\r\n`,
  'a length in hexadecimal': `${head}Content-Length: 0x0\r\n\r\n`,
  'a bare LF after a header': `${head}X-A: 1\nContent-Length: 0\r\n\r\n`,
  'bare LFs': `${head.replaceAll('\r', '')}Content-Length: 0\n\n`,
  'a bare CR': `${head}X-A: 1\rContent-Length: 0\r\n\r\n`,
  'NUL in a header': `${head}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`,
  'a header without a name': `${head}: x\r\nContent-Length: 0\r\n\r\n`,
  'a chunk of no size': `${head}Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n`,
  'a chunk of a size that ends in LF': `${head}Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`,
  'a chunk that is longer than it says': `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
  'a version that there is not': `${head.replace('HTTP/1.1', 'HTTP/1.7')}Content-Length: 0\r\n\r\n`,
  'two spaces in the first line': `${head.replace(' HTTP/1.1', '  HTTP/1.1 x')}Content-Length: 0\r\n\r\n`,
}

t.test(
  'D7 what a proxy and this server could read in two ways: 400, the connection closed, nothing after it',
  async (t) => {
    for (const [shape, bytes] of Object.entries(shapes)) {
      const answer = await raw(bytes + smuggled)
      t.match(answer, /^HTTP\/1\.1 400 /, shape)
      t.match(answer, /connection: close/i, shape)
      t.notMatch(answer, '"status":"live"', `${shape}: the second request is not answered`)
    }
  },
)

t.test('D7 the measure itself: two requests that are well-formed are both answered', async (t) => {
  const answer = await raw(`${head}Content-Length: 0\r\n\r\n${smuggled}`)
  t.match(answer, /^HTTP\/1\.1 401 /)
  t.match(answer, '"status":"live"')
})
