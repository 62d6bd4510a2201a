/**
 * What the table "Redeeming a refresh token" says, and nothing else: no line of this was taken from the server, and no
 * module of it is imported. Values only; an instant is a number of seconds.
 */
export type Policy = {
  readonly window: number
  readonly accessLifetime: number
  readonly idleLifetime: number
  readonly lifetime: number
  readonly scope: readonly string[]
  readonly resources: readonly string[]
}

/** @property ends however often it is used; it expires before that where it is not */
export type Session = {
  readonly id: string
  readonly expires: number
  readonly ends: number
  readonly ended: boolean
}

export type Pair = {
  readonly iat: number
  readonly exp: number
  readonly scope: readonly string[]
  readonly audience: string
}

export type Reason = 'replayed' | 'stale' | 'revoked_by_client' | 'logged_out' | 'user_disabled' | 'client_disabled'

export type Family = {
  readonly id: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly session: string
  /** `offline_access`: it outlives its session. */
  readonly offline: boolean
  readonly live: number
  /** Of the live generation. */
  readonly pair: Pair
  readonly idle: number
  readonly absolute: number
  readonly ended: Reason | undefined
}

export type State = {
  readonly families: readonly Family[]
  readonly sessions: readonly Session[]
  readonly personDisabled: boolean
  readonly clientDisabled: boolean
}

export type Ask = { readonly scope?: readonly string[]; readonly resource?: string }

/** One request, as somebody sends it. */
export type Act =
  | {
      readonly is: 'refresh'
      readonly family: string
      readonly generation: number
      readonly ask: Ask
      readonly by: 'owner' | 'stranger'
    }
  | { readonly is: 'revoke'; readonly family: string; readonly by: 'owner' | 'stranger' }
  | { readonly is: 'end_session'; readonly session: string }
  | { readonly is: 'disable_person' | 'disable_client' }

export type Granted = {
  readonly is: 'granted'
  readonly verdict: 'rotated' | 'retried'
  readonly generation: number
  /** The access token is the very one of the rotation, not one of its own beside it. */
  readonly same: boolean
  readonly pair: Pair
  readonly idle: number
  readonly absolute: number
}
export type Refused = { readonly is: 'refused'; readonly verdict: string; readonly errors: readonly string[] }
export type Done = { readonly is: 'done' }
export type Said = Granted | Refused | Done

export const expiryOf = (family: Family, { sessions }: State): number => {
  const session = sessions.find(({ id }) => id === family.session)
  const own = Math.min(family.idle, family.absolute)
  return family.offline || !session ? own : Math.min(own, session.expires)
}

export const isExpired = (family: Family, state: State, now: number): boolean => expiryOf(family, state) <= now

export const familyIn = (state: State, id: string): Family => {
  const family = state.families.find((one) => one.id === id)
  if (!family) throw new Error(`no family ${id}`)
  return family
}

const refused = (verdict: string, ...errors: readonly string[]): Refused => ({ is: 'refused', verdict, errors })
const within = (some: readonly string[], all: readonly string[]) => some.every((value) => all.includes(value))
const sameSet = (a: readonly string[], b: readonly string[]) => within(a, b) && within(b, a)

/** What one act does, and what is said to whoever acted. */
export const judge = (state: State, act: Act, policy: Policy, now: number): readonly [State, Said] => {
  switch (act.is) {
    case 'end_session':
      return [
        ended(state, 'logged_out', (family) => family.session === act.session && !family.offline, act.session),
        done,
      ]
    case 'disable_person':
      return [{ ...ended(state, 'user_disabled', () => true, 'all'), personDisabled: true }, done]
    case 'disable_client':
      return [{ ...ended(state, 'client_disabled', () => true), clientDisabled: true }, done]
    case 'revoke':
      if (act.by === 'stranger') return [state, refused('other client', 'invalid_request')]
      if (state.clientDisabled) return [state, refused('client disabled', 'invalid_client')]
      return [ended(state, 'revoked_by_client', ({ id }) => id === act.family), done]
    case 'refresh':
      return refresh(state, act, policy, now)
  }
}

const done: Done = { is: 'done' }

/** The first reason stands. */
const ended = (state: State, reason: Reason, which: (family: Family) => boolean, session?: string): State => ({
  ...state,
  families: state.families.map((family) => (!family.ended && which(family) ? { ...family, ended: reason } : family)),
  sessions: state.sessions.map((one) => (session === 'all' || one.id === session ? { ...one, ended: true } : one)),
})

const refresh = (
  state: State,
  { family: id, generation: g, ask, by }: Extract<Act, { is: 'refresh' }>,
  policy: Policy,
  now: number,
): readonly [State, Said] => {
  const family = familyIn(state, id)
  // A wrong presenter changes nothing.
  if (by === 'stranger') return [state, refused('wrong presenter', 'invalid_grant')]
  if (state.clientDisabled) return [state, refused('client disabled', 'invalid_client', 'invalid_grant')]
  // What can fail without the database fails first.
  if (ask.resource !== undefined && !policy.resources.includes(ask.resource))
    return [state, refused('unregistered resource', 'invalid_target')]
  if (family.ended) return [state, refused('revoked', 'invalid_grant')]
  if (isExpired(family, state, now)) return [state, refused('expired', 'invalid_grant')]

  const h = family.live
  const isInWindow = now - family.pair.iat <= policy.window
  if (g > h) return [state, refused('ahead', 'invalid_grant')]
  if (g === h - 2 && isInWindow)
    return [ended(state, 'stale', (one) => one.id === id), refused('stale', 'invalid_grant')]
  if (g < h - 1 || (g === h - 1 && !isInWindow))
    return [ended(state, 'replayed', (one) => one.id === id), refused('replayed', 'invalid_grant')]

  if (ask.scope && !within(ask.scope, family.scope)) return [state, refused('more scope', 'invalid_scope')]
  if (ask.resource !== undefined && !family.resources.includes(ask.resource))
    return [state, refused('more resources', 'invalid_target')]
  const scope = ask.scope ?? family.scope
  const audience = ask.resource ?? family.resources[0] ?? ''

  if (g === h - 1) {
    const same = sameSet(scope, family.pair.scope) && audience === family.pair.audience
    const pair = { ...family.pair, scope, audience }
    const { idle, absolute } = family
    return [state, { is: 'granted', verdict: 'retried', generation: h, same, pair, idle, absolute }]
  }
  const next: Family = {
    ...family,
    live: h + 1,
    pair: { iat: now, exp: now + policy.accessLifetime, scope, audience },
    idle: Math.min(now + policy.idleLifetime, family.absolute),
  }
  const families = state.families.map((one) => (one.id === id ? next : one))
  const { live: generation, pair, idle, absolute } = next
  return [
    { ...state, families },
    { is: 'granted', verdict: 'rotated', generation, same: true, pair, idle, absolute },
  ]
}
