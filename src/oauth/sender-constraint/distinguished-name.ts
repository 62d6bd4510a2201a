/** One attribute: its type in a normal form, and its value. A relative name is a sorted list of them, nearly always one. */
type Name = readonly (readonly string[])[]

/** RFC 4514 §3 and what else is common; OpenSSL's short names beside them. */
const types: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  SURNAME: 'SN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  S: 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'TITLE',
  T: 'TITLE',
  '2.5.4.15': 'BUSINESSCATEGORY',
  '2.5.4.42': 'GN',
  GIVENNAME: 'GN',
  '2.5.4.97': 'ORGANIZATIONIDENTIFIER',
  '0.9.2342.19200300.100.1.1': 'UID',
  USERID: 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'EMAILADDRESS',
  E: 'EMAILADDRESS',
  EMAIL: 'EMAILADDRESS',
  '1.3.6.1.4.1.311.60.2.1.3': 'JURISDICTIONC',
  JURISDICTIONCOUNTRYNAME: 'JURISDICTIONC',
}

/**
 * RFC 8705 §2.1.2: the subject as RFC 4514 writes it, the most specific part first.
 * @returns undefined for what is no distinguished name
 */
export const parseDistinguishedName = (text: string): Name | undefined => {
  const parts = split(text, /[,;]/)
  const name = parts.map(relativeName)
  return name.every((relative) => relative !== undefined) ? name : undefined
}

/** @param subject as Node prints it: a line for each part, in the certificate's order, the most specific part last */
export const parseSubject = (subject: string): Name | undefined => {
  const name = subject.split('\n').map(relativeName)
  return name.every((relative) => relative !== undefined) ? name.toReversed() : undefined
}

/** Values are compared as they are: an authority that issues both `Bank` and `bank` means two. */
export const sameName = (a: Name | undefined, b: Name | undefined): boolean =>
  a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b)

const relativeName = (text: string): readonly string[] | undefined => {
  const attributes = split(text, /\+/).map(attribute)
  return attributes.every((each) => each !== undefined) ? attributes.toSorted() : undefined
}

/** Of white space only the space is none of it: a NO-BREAK SPACE is a character of a name like any other. */
const attribute = (text: string): string | undefined => {
  const [, written, raw] = /^ *([A-Za-z][\w-]*|\d+(?:\.\d+)+) *= *(.*)$/s.exec(text) ?? []
  if (written === undefined || raw === undefined) return undefined
  const type = written.toUpperCase()
  const value = raw.startsWith('#') ? fromBer(raw.slice(1).trim()) : unescaped(raw)
  return value === undefined || value === '' ? undefined : JSON.stringify([types[type] ?? type, value])
}

/** At what is not escaped. */
const split = (text: string, separator: RegExp): readonly string[] => {
  const parts = ['']
  for (const [token] of text.matchAll(/\\[\s\S]|[^\\]|\\$/g)) {
    if (token.length === 1 && separator.test(token)) parts.push('')
    else parts.push((parts.pop() ?? '') + token)
  }
  return parts
}

/** RFC 4514 §2.4, §3: a backslash before a special character, or before the two digits of an octet of UTF-8. */
const unescaped = (raw: string): string | undefined => {
  const tokens = [...raw.matchAll(/\\([\da-f]{2})|\\([ "#+,;<=>\\])|[\s\S]/giu)]
  // White space at the end is not part of it, unless it is escaped.
  while (tokens.at(-1)?.[0] === ' ') tokens.pop()
  if (tokens.some(([token]) => token === '\\')) return undefined
  const octets = tokens.map(([token, hex, special]) =>
    hex === undefined ? Buffer.from(special ?? token) : Buffer.from(hex, 'hex'),
  )
  return Buffer.concat(octets).toString('utf8')
}

/** RFC 4514 §2.4: `#` and the BER encoding; of the strings that are UTF-8, or ASCII. */
const fromBer = (hex: string): string | undefined => {
  const bytes = Buffer.from(hex, 'hex')
  const isString = [0x0c, 0x13, 0x16].includes(bytes[0] ?? 0) && bytes[1] === bytes.length - 2 && bytes.length < 130
  return isString && bytes.length * 2 === hex.length ? bytes.toString('utf8', 2) : undefined
}
