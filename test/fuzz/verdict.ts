import { readFileSync } from 'node:fs'
import type { Hit, Shot } from './shot.ts'

/** As src/oauth/errors.ts lists them. */
const known: ReadonlySet<string> = new Set(
  [
    ...readFileSync(new URL('../../src/oauth/errors.ts', import.meta.url), 'utf8').matchAll(
      /^ {2}([a-z_]+): [1-5]\d\d,$/gm,
    ),
  ].map(([, code = '']) => code),
)
const backChannel =
  /^\/(oauth2\/(token|par|device_authorization|introspect|revoke|revocations|userinfo|register)|\.well-known|api|health)(\/|$)/
/** In the letters that they are written in: a nonce of chance may spell `eCOnN`. */
const inside =
  /node_modules|\.tsx?:\d|\bat .{1,80}\(|\b[Pp]risma(?:Client|\b)|SELECT |INSERT |violates|\bECONN[A-Z]{5}|TypeError|RangeError|\/(?:src|dist)\/[\w/-]+\.[jt]s/
const printable = /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/
/** Where a browser may be sent: what the clients of this world registered. */
const registered = ['https://app.example/cb']

export type Judging = { readonly issuer: string; readonly shot: Shot; readonly target: string }

/** What is wrong with an answer, whatever was asked. */
export const problemsOf = (hit: Hit, { issuer, shot, target }: Judging): readonly string[] => {
  const { status, headers, text } = hit
  const problems: string[] = []
  const must = (holds: boolean, what: string) => {
    if (!holds) problems.push(what)
  }
  const type = headers['content-type'] ?? ''
  const isHtml = type.startsWith('text/html')
  const path = target.split(/[?#]/)[0] ?? ''
  // The clock of this world is held: the check of the real one fails.
  if (path === '/health/ready' && status === 503) return []
  must(status < 500 || (status === 503 && headers['retry-after'] !== undefined), 'O12 a failure of ours')
  must(status !== 405 || headers.allow !== undefined, 'a 405 without Allow')
  const told = /^\/(api\/v1\/openapi|assets|demo)/.test(path) ? undefined : inside.exec(text)
  must(!told, `O12 a text of the inside: ${told && text.slice(Math.max(0, told.index - 40), told.index + 100)}`)
  must(!hit.cookies.some((cookie) => !/^(__Host-)?(tessera|demo)[\w-]*=/.test(cookie)), 'R11 a cookie of somebody else')
  if (status >= 400 && status !== 404 && status !== 405 && backChannel.test(path))
    must(!isHtml, 'a page in the place of JSON')
  if (isHtml && status !== 304) problems.push(...ofPage(hit, path, shot))
  // The API of the demo is an app's, not ours.
  else if (status >= 400 && shot.method !== 'HEAD' && !path.startsWith('/demo/api'))
    problems.push(...ofError(hit, type))
  const location = headers.location
  if (location !== undefined)
    problems.push(...ofRedirect(new URL(location, issuer), { issuer, status, location, path }))
  return problems
}

const ofPage = ({ status, headers, text }: Hit, path: string, { method }: Shot): readonly string[] => {
  const policy = headers['content-security-policy'] ?? ''
  const isFramed = path === '/oauth2/session/check' && status === 200
  const checks: readonly (readonly [boolean, string])[] = [
    [method === 'HEAD' || /^<!doctype html>.*<\/html>$/is.test(text.trim()), 'no whole document'],
    [policy.includes("default-src 'none'") && policy.includes("base-uri 'none'"), 'S4 no policy'],
    [isFramed || policy.includes("frame-ancestors 'none'"), 'S4 may be framed'],
    [isFramed || headers['x-frame-options'] === 'DENY', 'S4 X-Frame-Options'],
    [headers['x-content-type-options'] === 'nosniff', 'nosniff'],
    [isFramed || headers['cache-control'] === 'no-store', 'R15 may be stored'],
    [headers['referrer-policy'] === 'no-referrer', 'R15 Referrer-Policy'],
    [!/<script>alert|(href|src|action)="javascript:/.test(text), 'R11 reflected'],
  ]
  return checks.filter(([holds]) => !holds).map(([, what]) => what)
}

const ofError = ({ status, headers, text }: Hit, type: string): readonly string[] => {
  if (!type.startsWith('application/json')) return [`an error of ${type || 'no type'}`]
  const { error, error_description: description }: Record<string, unknown> = JSON.parse(text)
  const checks: readonly (readonly [boolean, string])[] = [
    [typeof error === 'string' && known.has(error), 'an error code that nobody knows'],
    [typeof description === 'string' && printable.test(description), 'error_description is not printable'],
    [headers['cache-control'] === 'no-store', 'T3 an error may be stored'],
    [status !== 401 || headers['www-authenticate'] !== undefined, 'T3 a 401 without WWW-Authenticate'],
    [status !== 429 || headers['retry-after'] !== undefined, 'a 429 without Retry-After'],
  ]
  return checks.filter(([holds]) => !holds).map(([, what]) => what)
}

type Redirect = { readonly issuer: string; readonly status: number; readonly location: string; readonly path: string }

const ofRedirect = (to: URL, { issuer, status, location, path }: Redirect): readonly string[] => {
  if (to.origin === new URL(issuer).origin) return []
  const problems: string[] = []
  const isRegistered = registered.some(
    (uri) => location === uri || location.startsWith(`${uri}?`) || location.startsWith(`${uri}#`),
  )
  if (!isRegistered) problems.push('R1 S18 a redirect to nobody we know')
  if (status !== 303 && status !== 302) problems.push('R14 the form is sent on')
  const said = new URLSearchParams(to.search || to.hash.slice(1))
  const isAnswer = path !== '/oauth2/logout' && path !== '/logout'
  if (isAnswer && said.get('iss') !== issuer && !said.has('response')) problems.push('R12 no iss')
  return problems
}
