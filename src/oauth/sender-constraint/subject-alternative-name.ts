import { isIP } from 'node:net'

type Kind = 'dns' | 'uri' | 'ip' | 'email'
const kinds: Readonly<Record<string, Kind>> = { DNS: 'dns', URI: 'uri', 'IP Address': 'ip', email: 'email' }

/**
 * RFC 8705 §2.1.2: whether a certificate has that very name. No wildcard: who registered `*.a.example` would be many.
 * @param names as Node prints them: `DNS:a.example, IP Address:10.0.0.1`, quoted where a value holds a special character
 */
export const hasName = (names: string | undefined, kind: Kind, wanted: string): boolean => {
  const expected = normal(kind, wanted)
  return (
    expected !== undefined && (parse(names ?? '') ?? []).some((name) => name.kind === kind && name.value === expected)
  )
}

/** @returns undefined for what cannot be read to its end: then nothing of it counts */
const parse = (
  names: string,
): readonly { readonly kind: Kind | undefined; readonly value: string | undefined }[] | undefined => {
  const found = [...names.matchAll(/([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy)]
  if (found.map(([text]) => text).join('') !== names) return undefined
  return found.map(([, label = '', text = '']) => {
    const kind = Object.hasOwn(kinds, label) ? kinds[label] : undefined
    const value = text.startsWith('"') ? unquoted(text) : text
    return { kind, value: kind && value !== undefined ? normal(kind, value) : undefined }
  })
}

const unquoted = (text: string): string | undefined => {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Host names have no case; an address is one in whatever form it is written. */
const normal = (kind: Kind, value: string): string | undefined => {
  if (kind === 'dns') return value.toLowerCase()
  if (kind !== 'ip') return value
  if (isIP(value) === 4) return value
  return isIP(value) === 6 && !value.includes('%') ? new URL(`http://[${value}]`).hostname : undefined
}
