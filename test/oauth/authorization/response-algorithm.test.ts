import t from 'tap'
import { responseAlgorithm } from '../../../src/oauth/authorization/response.ts'
import { aClient } from '../../support/clients.ts'

t.test('JARM §3: "If omitted, the default is RS256", but FAPI 2.0 §5.4.1 knows no RS256', async (t) => {
  const es256 = { id_token_signed_response_alg: 'ES256' } as const
  t.equal(responseAlgorithm(aClient(es256)), 'RS256')
  t.equal(responseAlgorithm(aClient({ ...es256, profile: 'fapi2' })), 'ES256')
  const chosen = { ...es256, authorization_signed_response_alg: 'PS256' } as const
  for (const profile of ['none', 'fapi2', 'fapi2_message_signing'] as const)
    t.equal(responseAlgorithm(aClient({ ...chosen, profile })), 'PS256')
})
