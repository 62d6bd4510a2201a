import type { Config } from '../../config.ts'
import { unsignable } from '../../oauth/signing.ts'
import { unreachable } from '../client-fit.ts'
import { everything, type Opened } from '../context.ts'
import { type Finding, failed, ok } from './finding.ts'

/** Those that can get no token as this server is set, and what to set for each. */
export const checkClients = async (
  { clients }: Pick<Opened['stores'], 'clients'>,
  config: Config,
): Promise<readonly Finding[]> => {
  const check = 'clients'
  const all = (await everything(clients.list, ({ client_id }) => client_id)).filter(({ disabledAt }) => !disabledAt)
  const findings = all.flatMap((client) => {
    const remedy = unreachable(client, config)
    const missing = unsignable(client, config.signingAlgorithms)
    return [
      ...(remedy === undefined ? [] : [failed(check, `${client.client_id} needs a client certificate`, remedy)]),
      ...missing.map(({ field, algorithm }) =>
        failed(check, `${client.client_id} has ${field} ${algorithm}`, `Add ${algorithm} to SIGNING_ALGORITHMS.`),
      ),
    ]
  })
  return findings.length > 0 ? findings : [ok(check, `${all.length}, each can be served`)]
}
