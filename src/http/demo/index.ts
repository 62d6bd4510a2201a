import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { paths } from '../../oauth/metadata.ts'
import type { Random } from '../../random.ts'
import { basePathOf } from '../base-path.ts'
import { createPresenter } from '../interaction/presentation.ts'
import { demoApi } from './api.ts'
import { demoApp } from './app.ts'
import { createRelyingParty } from './relying-party.ts'
import { demoSpa } from './spa.ts'

export type DemoOptions = {
  readonly issuer: string
  readonly client: { readonly id: string; readonly secret: string; readonly scope: string }
  readonly addresses: { readonly home: string; readonly callback: string; readonly api: string; readonly spa: string }
  readonly spa: { readonly id: string; readonly scope: string }
  /** What the demo API asks of a token. */
  readonly apiScope: string
  readonly clock: Clock
  readonly random: Random
  /** Where the certificate of `issuer` is not one that this process trusts. */
  readonly fetch?: typeof fetch | undefined
}

/** An app and an API, mounted beside the server and knowing nothing of it but its address. */
export const demo =
  (options: DemoOptions) =>
  async (app: FastifyInstance): Promise<void> => {
    const { issuer, client, addresses, apiScope, clock, random, fetch } = options
    const relyingParty = createRelyingParty({
      issuer,
      clientId: client.id,
      clientSecret: client.secret,
      redirectUri: addresses.callback,
      postLogoutRedirectUri: addresses.home,
      scope: client.scope,
      api: addresses.api,
      clock,
      fetch,
    })
    const base = basePathOf(issuer)
    await app.register(demoApp, {
      issuer,
      relyingParty,
      presenter: createPresenter(random, base),
      random,
    })
    const spa = {
      issuer,
      clientId: options.spa.id,
      redirectUri: addresses.spa,
      scope: options.spa.scope,
      api: addresses.api,
    }
    await app.register(demoSpa, { spa, base, random })
    const jwksUri = issuer + paths.jwks
    await app.register(demoApi, { issuer, jwksUri, audience: addresses.api, scope: apiScope, clock, fetch })
  }
