import { createHmac } from 'node:crypto'
import type { Random } from '../../random.ts'

/** RFC 8628 §6.1: no vowels, so that no words appear, and no Y; nothing that looks like a digit. 20^8 is 34 bits. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const length = 8
const form = new RegExp(`^[${letters}]{${length}}$`)
/** What somebody could mean by a code, however much lies between its letters. */
const longest = 64

export const drawUserCode = (random: Random): string => {
  // A byte past the last multiple of twenty would make some letters likelier than others.
  const fair = 256 - (256 % letters.length)
  let code = ''
  while (code.length < length)
    for (const byte of random.bytes(length))
      if (byte < fair && code.length < length) code += letters[byte % letters.length]
  return code
}

/** As people read it: XXXX-XXXX. */
export const userCodeShown = (code: string): string => `${code.slice(0, length / 2)}-${code.slice(length / 2)}`

/**
 * RFC 8628 §6.1: case, and whatever separates the letters, do not count. Letters as a Korean or Japanese keyboard may
 * send them, twice as wide, are the same letters.
 * @returns undefined for what cannot be a code
 */
export const parseUserCode = (typed: string): string | undefined => {
  if (typed.length > longest) return undefined
  const code = typed
    .normalize('NFKC')
    .replace(/[\s\p{P}\p{Cf}]/gu, '')
    .toUpperCase()
  return form.test(code) ? code : undefined
}

/** Keyed: all codes there are can be tried out in minutes by who has the table and no key. */
export const userCodeHash = (code: string, key: Buffer): Buffer =>
  createHmac('sha256', key).update(`user code\0${code}`).digest()
