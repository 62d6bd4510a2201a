import { isObject, readObject, Unreachable } from './exchange.ts'
import type { Kept } from './kept.ts'
import type { Metadata } from './metadata.ts'
import { isText } from './mistakes.ts'
import type { Settings } from './options.ts'

/** What `introspect` makes: ask the issuer about each token while the list of revocations is stale. */
export type IntrospectionPolicy = { readonly clientId: string; readonly clientSecret: string }

/** @param client of this API at the issuer, with the method `client_secret_basic` */
export const introspect = (client: IntrospectionPolicy): IntrospectionPolicy => {
  if (!isIntrospectionPolicy(client)) throw new TypeError('introspect needs clientId and clientSecret')
  return { clientId: client.clientId, clientSecret: client.clientSecret }
}

export const isIntrospectionPolicy = (value: unknown): value is IntrospectionPolicy =>
  isObject(value) && isText(value.clientId) && isText(value.clientSecret)

/** Questions at once, and in all; whoever comes later is told that it is not possible at the moment. */
const most = { atOnce: 16, inAll: 256, bytes: 64 * 1024 }

/** RFC 7662. @returns whether the token is active; throws Unreachable */
export const createIntrospection = (settings: Settings, metadata: Kept<Metadata>) => {
  const underWay = new Map<string, Promise<boolean>>()
  const waiting: (() => void)[] = []
  let asking = 0

  const askServer = async (token: string, { clientId, clientSecret }: IntrospectionPolicy): Promise<boolean> => {
    const { introspection } = await metadata.get()
    if (!introspection) throw new Unreachable(`${settings.issuer} publishes no introspection_endpoint`)
    // RFC 6749 §2.3.1: both are form-encoded before they are joined.
    const pair = [clientId, clientSecret].map((part) => new URLSearchParams({ part }).toString().slice('part='.length))
    const answer = await readObject(
      {
        url: introspection,
        accept: 'application/json',
        timeout: settings.timeout,
        form: new URLSearchParams({ token, token_type_hint: 'access_token' }),
        authorization: `Basic ${Buffer.from(pair.join(':')).toString('base64')}`,
      },
      most.bytes,
    )
    return answer.active === true
  }

  const inTurn = async (token: string, client: IntrospectionPolicy): Promise<boolean> => {
    if (asking >= most.atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else asking += 1
    try {
      return await askServer(token, client)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else asking -= 1
    }
  }

  return (token: string, client: IntrospectionPolicy): Promise<boolean> => {
    const shared = underWay.get(token)
    if (shared) return shared
    if (underWay.size >= most.inAll) return Promise.reject(new Unreachable('too many tokens wait for introspection'))
    const answer = inTurn(token, client).finally(() => underWay.delete(token))
    underWay.set(token, answer)
    return answer
  }
}
