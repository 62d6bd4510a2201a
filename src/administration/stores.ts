import type { Target } from '../identity/ending.ts'
import type { Session } from '../identity/stores.ts'
import type { Family } from '../oauth/stores.ts'

/** What administrators are shown: never a hash, never a secret. */
export type SeenSession = Session & { readonly username: string }
export type SeenFamily = Family & { readonly username: string; readonly clientName: string | undefined }
export type SeenUser = {
  readonly id: string
  readonly username: string
  /** By which people are listed and compared. */
  readonly key: string
  readonly name: string | undefined
  readonly email: string | undefined
  readonly admin: boolean
  readonly createdAt: Date
  readonly disabledAt: Date | undefined
}
export type SeenClient = {
  readonly id: string
  readonly name: string
  readonly authentication: string
  readonly grantTypes: readonly string[]
  readonly scope: string
  readonly resources: readonly string[]
  /** No operator made it. */
  readonly registeredItself: boolean
  readonly createdAt: Date
  readonly disabledAt: Date | undefined
}
/** Something that happened to somebody: for the person, the administrator and the audit. */
export type SeenEvent = {
  readonly id: bigint
  readonly at: Date
  readonly kind: string
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
  readonly sessionId?: string | undefined
  readonly familyId?: string | undefined
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}

/** Where a list goes on: the last of the page before, by when it began, which never changes. */
export type Place = { readonly at: Date; readonly id: string }
/** @property after only what comes later in the list's own order */
export type Slice<Key> = { readonly after: Key | undefined; readonly limit: number }

export type LoginFilter = {
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
  readonly sessionId?: string | undefined
}

/** Lists for administrators. Each is one statement; what is searched for is a value and never a pattern. */
export type AdministrationStore = {
  /** Those that are alive, the last that began first. By a client: those with a family of it that was not revoked. */
  sessions(filter: LoginFilter, slice: Slice<Place>, now: Date): Promise<readonly SeenSession[]>
  families(filter: LoginFilter, slice: Slice<Place>, now: Date): Promise<readonly SeenFamily[]>
  /** By a part of the username, the name or the address, or the whole id; by username. */
  users(search: string, slice: Slice<string>): Promise<readonly SeenUser[]>
  user(id: string): Promise<SeenUser | undefined>
  /** By a part of the name or the id; by id. */
  clients(search: string, slice: Slice<string>): Promise<readonly SeenClient[]>
  client(id: string): Promise<SeenClient | undefined>
  usernames(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Whether there is, or was, such a thing. */
  exists(target: Target): Promise<boolean>
}

export type EventLog = {
  /** The newest first. */
  list(filter: {
    readonly userId?: string | undefined
    readonly familyId?: string | undefined
    /** Only older ones: the id of the last event of the page before. */
    readonly before?: bigint | undefined
    readonly limit: number
  }): Promise<readonly SeenEvent[]>
}
