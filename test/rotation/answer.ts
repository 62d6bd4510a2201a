import { decodeJwt } from 'jose'
import type { Answer } from '../support/server.ts'
import { hold } from './invariants.ts'
import type { Family, Said } from './oracle.ts'
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

const breach = { revoked: 'deadStaysDead', 'wrong presenter': 'presenter' } as const
const breachOf = (verdict: string) => {
  if (verdict.startsWith('more ')) return 'authority'
  return verdict === 'revoked' || verdict === 'wrong presenter' ? breach[verdict] : 'verdict'
}
const sorted = (values: readonly string[]) => [...values].sort().join(' ')

/** Whether an answer is what the oracle said. @throws Broken */
export const agree = (story: Story, said: Said, { status, body }: Answer, family: Family | undefined, now: number) => {
  const what = () =>
    `${JSON.stringify(said)} was due, ${status} ${JSON.stringify(body)} came; ${JSON.stringify(family)} at ${now}`
  if (said.is === 'done') return hold('verdict', status === 200 || status === 303, what)
  if (said.is === 'refused') {
    hold(breachOf(said.verdict), status !== 200, what)
    return hold('verdict', said.errors.includes(String(body.error)), what)
  }
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
  hold(lifetime, body.refresh_token_timeout === said.idle - now, what)
  hold(lifetime, body.authorization_expires_in === said.absolute - now, what)
}
