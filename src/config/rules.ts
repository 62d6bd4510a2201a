import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/client.ts'

/** What is wrong with one value; thrown by a rule, collected by the reader. */
export class Mistake extends Error {}

export const text = (value: string): string => value
export const directory = (value: string): string => resolve(value)
export const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (value: string): T => {
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) throw new Mistake(`must be one of ${allowed.join(', ')}`)
    return found
  }
export const flag = (value: string): boolean => oneOf(['true', 'false'])(value) === 'true'
export const integer =
  (least: number, most: number) =>
  (value: string): number => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) throw new Mistake(`must be a whole number from ${least} to ${most}`)
    return number
  }
export const list =
  <T>(rule: (item: string) => T) =>
  (value: string): readonly T[] => {
    const items = value.split(',').map((item) => item.trim())
    if (new Set(items).size < items.length) throw new Mistake('must not name anything twice')
    return items.map(rule)
  }
export const atLeast =
  (length: number, what: string) =>
  (value: string): string => {
    if (value.length < length)
      throw new Mistake(`${what} must have at least ${length} characters; make one with \`openssl rand -hex 32\``)
    return value
  }

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))

/** OIDC Discovery §3 and RFC 8414 §2: a URL without query or fragment; ours without a trailing slash, in normal form. */
export const issuer = (value: string): string => {
  if (!URL.canParse(value)) throw new Mistake('must be an absolute URL, such as https://login.example.com')
  const url = new URL(value)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw new Mistake('must be https; http is accepted for localhost, 127.0.0.1 and [::1] only')
  if (url.username !== '' || url.password !== '') throw new Mistake('must not contain a user name or password')
  if (/[?#]/.test(value)) throw new Mistake('must not have a query or a fragment')
  if (value.endsWith('/')) throw new Mistake('must not end in a slash; remove it')
  const normal = url.pathname === '/' ? url.origin : url.href
  if (value !== normal || url.pathname.includes('//')) throw new Mistake(`must be in normal form; write ${normal}`)
  return value
}

export const postgres = (value: string): string => {
  // After a user the host may be left out, for the socket of this machine: pg allows that, and URL does not.
  if (!/^postgres(ql)?:\/\/./.test(value) || !URL.canParse(value.replace('@/', '@localhost/')))
    throw new Mistake('must be a URL such as postgresql://user:password@host:5432/tessera')
  return value
}

export const addressBlock = (value: string): string => {
  const [address = '', prefix, ...rest] = value.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  if (
    bits === 0 ||
    rest.length > 0 ||
    (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) ||
    Number(prefix ?? 0) > bits
  )
    throw new Mistake('must list IP addresses or CIDR blocks, such as 10.0.0.5,fd00::/8')
  if (prefix !== undefined && Number(prefix) === 0) throw new Mistake('must not name the whole internet')
  return value
}

export const algorithms = (value: string): readonly SigningAlgorithm[] => {
  const named = list(oneOf(signingAlgorithms))(value)
  // OIDC Discovery §3: "The algorithm RS256 MUST be included."
  if (!named.includes('RS256')) throw new Mistake('must include RS256, which OpenID Connect demands')
  return named
}

export const seconds = integer(60, 10 * 365 * 86400)
