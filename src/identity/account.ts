/** What a person's own pages ask of storage, beside sessions and acts. */

/** Something the person must be told, once. */
export type Notice = {
  readonly id: bigint
  readonly at: Date
  /** Why the login ended, as `TheftEnd` names it. */
  readonly kind: string
  readonly clientId: string | undefined
  readonly familyId: string | undefined
}

export type NoticeStore = {
  /** Those that were not seen, the newest first. */
  unseen(userId: string, limit: number): Promise<readonly Notice[]>
  /** @returns false when it is not this person's, or was seen before */
  see(userId: string, id: bigint, now: Date): Promise<boolean>
}

/** A session, or a login in one app, that is over. */
export type LoginEnd = {
  readonly of: 'session' | 'family'
  readonly id: string
  readonly at: Date
  /** `idle` and `expired` beside the reasons of acts. */
  readonly reason: string
  readonly clientId: string | undefined
  /** Of the browser that logged in. */
  readonly ip: string | undefined
  readonly userAgent: string | undefined
}

export type LoginEndStore = {
  /** What ended since then, the newest first. What expired has ended as well. */
  list(userId: string, since: Date, now: Date, limit: number): Promise<readonly LoginEnd[]>
}
