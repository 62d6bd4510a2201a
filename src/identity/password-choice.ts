import { createHmac, timingSafeEqual } from 'node:crypto'
import { later, numericDate } from '../clock.ts'
import type { User } from './stores.ts'

/** Seconds in which a person who proved the old password chooses a new one. */
export const choiceLifetime = 600

type Secrets = readonly [Buffer, ...Buffer[]]
type Chooser = Pick<User, 'id' | 'passwordHash'>

/** It names the hash: once another password is set, it is worth nothing. */
const macOf = (secret: Buffer, { id, passwordHash }: Chooser, browser: string, expires: string): Buffer =>
  createHmac('sha256', secret)
    .update(JSON.stringify(['tessera choice', id, browser, expires, passwordHash ?? '']))
    .digest()

/**
 * The cookie of somebody who is not logged in and may choose a new password, in this browser only. Signed and not stored.
 * @param secrets the first signs, all of them verify
 */
export const choiceToken = (secrets: Secrets, user: Chooser, browser: string, now: Date): string => {
  const expires = String(numericDate(later(now, choiceLifetime)))
  return `${user.id}.${expires}.${macOf(secrets[0], user, browser, expires).toString('base64url')}`
}

/** @property proves whether it was given to this person in this browser, and the password is the same since */
export type Choice = { readonly userId: string; proves(user: Chooser, browser: string): boolean }

/** @returns undefined for what is no such cookie, or too old */
export const readChoice = (secrets: Secrets, token: string | undefined, now: Date): Choice | undefined => {
  const [, userId, expires, mac] = /^([\da-f-]{36})\.(\d{1,12})\.([\w-]{43})$/.exec(token ?? '') ?? []
  if (userId === undefined || expires === undefined || mac === undefined || Number(expires) <= numericDate(now))
    return undefined
  const given = Buffer.from(mac, 'base64url')
  return {
    userId,
    proves: (user, browser) =>
      user.id === userId && secrets.some((secret) => timingSafeEqual(macOf(secret, user, browser, expires), given)),
  }
}
