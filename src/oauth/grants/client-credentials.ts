import { invalidScope } from '../errors.ts'
import { audienceFor, parseResources } from '../resource.ts'
import { parseScope, within } from '../scope.ts'
import type { GrantType } from './grant.ts'

/** What concerns a person has no meaning where none is involved. */
const scopesOfPeople = ['openid', 'offline_access', 'profile', 'email', 'address', 'phone']

/** RFC 6749 §4.4. Touches no row: the client is in memory, and the token has no family. */
export const clientCredentials: GrantType = {
  name: 'client_credentials',

  async authorize(parameters, client, { issuer, sender }) {
    const registered = parseScope(client.scope).filter((name) => !scopesOfPeople.includes(name))
    const asked = parameters.optional('scope')
    const scope = asked === undefined ? registered : parseScope(asked)
    if (!within(scope, registered))
      throw invalidScope('The scope asked for is not registered for this client without a person.')
    const resources = parseResources(parameters.list('resource'), client.resources)
    const audience = audienceFor(resources, client.resources, scope, issuer)
    return { by: 'client', scope, audience, sender: await sender() }
  },
}
