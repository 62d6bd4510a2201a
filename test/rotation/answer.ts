import { decodeJwt } from 'jose'
import type { Answer } from '../support/server.ts'
import { hold, type Invariant } from './invariants.ts'
import type { Act, Family, Said } from './oracle.ts'
import type { Story } from './story.ts'

export type Access = {
  readonly family: string
  readonly generation: number
  readonly token: string
  readonly jti: string
  readonly exp: number
  readonly scope: readonly string[]
}

/** undefined when the server died before it answered. */
export type Observed = Answer | undefined

/** Keeps what was handed out. @throws Broken when a second successor or a second token of a generation appears */
export const learn = (story: Story, family: Family, generation: number, body: Answer['body'], presented?: string) => {
  const token = String(body.refresh_token)
  if (presented !== undefined) {
    const successor = story.successors.get(presented) ?? token
    hold('oneSuccessor', successor === token, () => `generation ${generation} of ${family.id} came in two forms`)
    story.successors.set(presented, token)
  }
  const known = story.tokens.get(family.id) ?? new Map<number, string>()
  story.tokens.set(family.id, known.set(generation, token))
  const { jti, exp, scope } = decodeJwt<{ scope?: string }>(String(body.access_token))
  const values = (scope ?? '').split(' ').filter((value) => value !== '')
  const access = { family: family.id, generation, token: String(body.access_token), jti: String(jti) }
  story.accesses.push({ ...access, exp: Number(exp), scope: values })
}

/** What is broken where an act is honoured that must be refused. */
const breachOf = (verdict: string, act: Act, family: Family | undefined): Invariant => {
  if (verdict === 'revoked') return 'deadStaysDead'
  if (verdict === 'wrong presenter') return 'presenter'
  if (verdict.startsWith('more ')) return 'authority'
  if (act.is !== 'refresh' || !family || act.generation >= family.live) return 'verdict'
  return act.generation === family.live - 1 ? 'windowStands' : 'ancestors'
}
const sorted = (values: readonly string[]) => [...values].sort().join(' ')

type Judged = {
  readonly act: Act
  readonly said: Said
  readonly observed: Answer
  /** As it was before. */
  readonly family: Family | undefined
  readonly now: number
}
/** Whether an answer is what the oracle said. @throws Broken */
export const agree = (story: Story, { act, said, observed, family, now }: Judged): void => {
  const { status, body } = observed
  const what = () =>
    `${JSON.stringify(said)} was due, ${status} ${JSON.stringify(body)} came; ${JSON.stringify(family)} at ${now}`
  if (said.is === 'done') hold('verdict', status === 200 || status === 303, what)
  if (said.is === 'refused') {
    hold(breachOf(said.verdict, act, family), status !== 200, what)
    hold('verdict', said.errors.includes(String(body.error)), what)
  }
  if (said.is !== 'granted') return
  hold('delivered', status === 200, what)
  const { generation, pair } = said
  const { jti, iat, exp, scope, aud } = decodeJwt<{ scope?: string }>(String(body.access_token))
  const granted = (scope ?? '').split(' ')
  const isWithin = family?.resources.includes(String(aud)) && granted.every((value) => family.scope.includes(value))
  hold('authority', isWithin === true, what)
  hold('authority', sorted(granted) === sorted(pair.scope) && aud === pair.audience, what)

  const same = said.verdict === 'retried' ? 'retryRepeats' : 'verdict'
  const known = story.tokens.get(family?.id ?? '')?.get(generation)
  hold('oneSuccessor', known === undefined || known === body.refresh_token, what)
  const own = `${family?.id}.${generation}`
  hold(same, said.same ? jti === own : String(jti).startsWith(`${own}.`), what)
  hold(same, iat === pair.iat && exp === pair.exp, what)
  hold(same, body.expires_in === Math.max(0, pair.exp - now), what)
  const lifetime = said.verdict === 'retried' ? 'retryExtends' : 'verdict'
  // One that ends with its session is told of no more than that has left.
  const session = family?.offline ? undefined : story.state.sessions.find(({ id }) => id === family?.session)
  const idle = Math.min(said.idle, session?.expires ?? said.idle)
  hold(lifetime, body.refresh_token_timeout === Math.floor(idle) - now, what)
  const absolute = Math.min(said.absolute, session?.ends ?? said.absolute)
  hold(lifetime, body.authorization_expires_in === Math.floor(absolute) - now, what)
}
