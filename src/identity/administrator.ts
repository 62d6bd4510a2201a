import { createHash } from 'node:crypto'
import { later } from '../clock.ts'
import { type Random, secret } from '../random.ts'

/** The link that makes the first administrator: shown once, stored hashed, spent by its first use. */
export type AdministratorLink = {
  readonly token: string
  readonly hash: Buffer
  readonly createdAt: Date
  readonly expiresAt: Date
}

const lifetime = 86_400
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

export const newAdministratorLink = (random: Random, now: Date): AdministratorLink => {
  const token = secret(random, 'tal_')
  return { token, hash: hashOf(token), createdAt: now, expiresAt: later(now, lifetime) }
}

/** @returns undefined for what is no such token: the database need not be asked */
export const administratorLinkHash = (token: string | undefined): Buffer | undefined =>
  token !== undefined && /^tal_[\w-]{43}$/.test(token) ? hashOf(token) : undefined
