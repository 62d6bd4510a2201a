import { Client } from 'undici'

export const form = (fields) =>
  new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined)).toString()

export const formType = 'application/x-www-form-urlencoded'

/** An answer that is not what a step expected. */
export class Unexpected extends Error {
  constructor(what, { status, text, headers }) {
    super(`${what}: ${status} ${text.slice(0, 300).replace(/\s+/g, ' ')} ${headers.location ?? ''}`)
  }
}

/** The address of a virtual client, by its number: each in a network of its own. */
export const addressOf = (index) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`

/**
 * One virtual client: a keep-alive connection of its own, and a cookie jar. Redirects are not followed.
 *
 * @param address from which its browser seems to come
 */
export const createAgent = (origin, address = addressOf(0)) => {
  const connection = new Client(origin, { pipelining: 1, bodyTimeout: 30_000, headersTimeout: 30_000 })
  const cookies = new Map()

  const keep = (lines) => {
    for (const line of [lines ?? []].flat()) {
      const [pair] = line.split(';')
      const equals = pair.indexOf('=')
      const value = pair.slice(equals + 1)
      if (value === '' || /max-age=0/i.test(line)) cookies.delete(pair.slice(0, equals))
      else cookies.set(pair.slice(0, equals), value)
    }
  }

  return {
    cookies,
    request: (method, path, { headers = {}, body = null, browses = false, from = address } = {}) =>
      new Promise((resolve, reject) => {
        if (browses) headers['x-forwarded-for'] = from
        if (browses && cookies.size > 0)
          headers.cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const answer = { status: 0, headers: {}, text: '' }
        const chunks = []
        connection.dispatch(
          { method, path, headers, body },
          {
            onRequestStart() {},
            onResponseStart(_controller, status, received) {
              answer.status = status
              answer.headers = received
              if (browses) keep(received['set-cookie'])
            },
            onResponseData: (_controller, chunk) => chunks.push(chunk),
            onResponseEnd() {
              answer.text = Buffer.concat(chunks).toString()
              resolve(answer)
            },
            onResponseError: (_controller, error) => reject(error),
          },
        )
      }),
    close: () => connection.destroy(),
  }
}
