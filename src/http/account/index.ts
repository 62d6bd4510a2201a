import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { LoginEndStore, NoticeStore } from '../../identity/account.ts'
import type { EndingStore } from '../../identity/ending.ts'
import type { Passwords } from '../../identity/password.ts'
import type { SessionPolicy } from '../../identity/session.ts'
import type { SessionStore, UserStore } from '../../identity/stores.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import type { Browser } from '../browser.ts'
import type { Presenter } from '../interaction/presentation.ts'
import type { SignIn } from '../interaction/sign-in.ts'
import { acts } from './acts.ts'
import type { ConsentList, FamilyList } from './contracts.ts'
import { createAccountDoor } from './door.ts'
import { ended } from './ended.ts'
import { logInToAccount } from './log-in.ts'
import { newPassword } from './new-password.ts'
import { notMe } from './not-me.ts'
import { overview } from './overview.ts'
import { password } from './password.ts'

/** What a person's own pages ask of storage. */
export type AccountStores = {
  readonly sessions: SessionStore
  readonly users: UserStore
  readonly clients: ClientStore
  readonly families: FamilyList
  readonly consents: ConsentList
  readonly notices: NoticeStore
  readonly loginEnds: LoginEndStore
  readonly endings: EndingStore
}

export type AccountOptions = {
  readonly issuer: string
  readonly stores: AccountStores
  readonly passwords: Passwords
  readonly policy: SessionPolicy
  readonly signIn: SignIn
  readonly browser: Browser
  readonly presenter: Presenter
  /** Of cookies: the first signs, all of them verify. */
  readonly secrets: readonly [Buffer, ...Buffer[]]
  readonly clock: Clock
  readonly base: string
}

/**
 * A person's own pages: devices and apps, the password, and what ended. Nothing here answers an app; what is ended here
 * ends through `EndingStore`, and a password is looked at through `SignIn`.
 */
export const account = async (app: FastifyInstance, { stores, policy, ...rest }: AccountOptions): Promise<void> => {
  const door = createAccountDoor({ ...rest, sessions: stores.sessions, policy })
  const options = { ...rest, ...stores, door }
  await app.register(overview, options)
  await app.register(acts, options)
  await app.register(logInToAccount, options)
  await app.register(password, options)
  await app.register(newPassword, options)
  await app.register(notMe, options)
  await app.register(ended, options)
}
