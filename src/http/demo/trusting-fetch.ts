import { request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'

/**
 * `fetch` that also trusts one certificate: a development server's own, which no authority signed. Node's own `fetch`
 * has no such argument.
 */
export const trustingFetch =
  (certificate: Buffer): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init)
    const body = Buffer.from(await request.arrayBuffer())
    const sentHeaders: Record<string, string | number> = { 'content-length': body.length }
    request.headers.forEach((value, name) => {
      sentHeaders[name] = value
    })
    return new Promise((resolve, reject) => {
      const sent = requestHttps(request.url, {
        method: request.method,
        headers: sentHeaders,
        signal: request.signal,
        ca: [...rootCertificates, certificate.toString()],
      })
      sent.on('error', reject)
      sent.on('response', async (response) => {
        try {
          const chunks: Buffer[] = []
          for await (const chunk of response) chunks.push(Buffer.from(chunk))
          const headers = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
            values.map((value): [string, string] => [name, value]),
          )
          const { statusCode: status = 502 } = response
          const isEmpty = status === 204 || status === 304
          resolve(new Response(isEmpty ? null : Buffer.concat(chunks), { status, headers }))
        } catch (error) {
          reject(error)
        }
      })
      sent.end(body)
    })
  }
