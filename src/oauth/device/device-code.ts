import { createHash } from 'node:crypto'
import { type Random, secret } from '../../random.ts'

const prefix = 'tsd_'

export const newDeviceCode = (random: Random): string => secret(random, prefix)

/** Whether it could be one: junk is refused before the database is asked. */
export const isDeviceCode = (text: string): boolean => /^tsd_[\w-]{43}$/.test(text)

export const deviceCodeHash = (code: string): Buffer => createHash('sha256').update(code).digest()

/**
 * Under which the grant is stored among the authorization codes, so that whatever ends those ends it too. What it is the
 * hash of are bytes that no form can hold: nobody redeems it as an authorization code.
 */
export const deviceGrantHash = (hash: Buffer): Buffer => createHash('sha256').update('device\0').update(hash).digest()
