import { createHash } from 'node:crypto'

/**
 * Answers a client's page in the same browser, and does nothing else. A browser that keeps this cookie from what is
 * framed shows none: then nothing is known, and `changed` would log people out of the client for no reason.
 */
const scriptFor = (cookie: string): string => `'use strict'
const cookie = ${JSON.stringify(`${cookie}=`)}
addEventListener('message', async ({ data, origin, source }) => {
  if (typeof data !== 'string' || !source || origin === 'null') return
  const [client, state = '', ...more] = data.split(' ')
  const [, salt] = state.split('.')
  const known = document.cookie.split('; ').find((each) => each.startsWith(cookie))
  if (!client || !salt || more.length > 0 || known === undefined) return source.postMessage('error', origin)
  const text = new TextEncoder().encode([client, origin, known.slice(cookie.length), salt].join(' '))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  source.postMessage(hex + '.' + salt === state ? 'unchanged' : 'changed', origin)
})
`

/** OpenID Connect Session Management 1.0 §3.3. @property hash of its script, for the Content-Security-Policy */
export const sessionCheckPage = (cookie: string): { readonly html: string; readonly hash: string } => {
  const script = scriptFor(cookie)
  const hash = `sha256-${createHash('sha256').update(script).digest('base64')}`
  return { html: `<!doctype html><html lang="en"><title>Session</title><script>${script}</script></html>`, hash }
}
