import {
  demoAddresses,
  demoClientIds,
  demoCurl,
  demoPerson,
  demoScope,
  demoScopeOfApp,
  demoScopeOfSpa,
  demoSecrets,
  demoSpaId,
  seedDemo,
} from './demo.ts'
import { demo } from './http/demo/index.ts'
import { trustingFetch } from './http/demo/trusting-fetch.ts'
import type { Parts } from './server.ts'
import type { Stores } from './storage/stores.ts'

/** What a development server has beside the product: a person, two clients, an app and an API, and what to say of them. */
export const createDevelopment = async ({
  parts,
  stores,
  certificate,
}: {
  readonly parts: Parts
  readonly stores: Stores
  /** Of our own TLS, which the demo app must trust though no authority signed it. */
  readonly certificate?: Buffer | undefined
}) => {
  const { issuer, passwords, cookieSecrets, clock, random } = parts
  const secretOf = demoSecrets(cookieSecrets[0])
  await seedDemo({ stores, passwords, secretOf, issuer, clock, random })
  const addresses = demoAddresses(issuer)
  const client = { id: 'demo-app', secret: secretOf('demo-app'), scope: demoScopeOfApp }
  return {
    routes: demo({
      issuer,
      client,
      addresses,
      spa: { id: demoSpaId, scope: demoScopeOfSpa },
      apiScope: demoScope,
      clock,
      random,
      ...(certificate && { fetch: trustingFetch(certificate) }),
    }),
    shown: {
      demo: { path: new URL(addresses.home).pathname, username: demoPerson.username, password: demoPerson.password },
      curl: demoCurl(issuer, secretOf('demo-machine')),
      clients: demoClientIds.map((id) => ({ id, secret: secretOf(id) })),
    },
  }
}
