import type { Random } from '../../random.ts'
import type { Client } from '../client.ts'
import type { DeviceCodeStore } from '../device/stores.ts'
import type { Parameters } from '../parameters.ts'
import type { Sender } from '../sender-constraint/index.ts'
import type { CodeStore, FamilyStore, HonouredFamily, Origin } from '../stores.ts'
import type { AccessHalf, Pair } from '../tokens/pair.ts'
import type { RefreshKey } from '../tokens/refresh-token.ts'

/** What a grant proved. The token endpoint authenticated the client before, and one issuer mints afterwards. */
export type Authorization =
  | { readonly by: 'person'; readonly family: HonouredFamily; readonly pair: Pair; readonly nonce: string | undefined }
  | {
      readonly by: 'client'
      readonly scope: readonly string[]
      readonly audience: readonly string[]
      readonly sender: Sender
    }

export type GrantDependencies = {
  readonly issuer: string
  readonly codes: CodeStore
  readonly families: FamilyStore
  readonly deviceCodes: Pick<DeviceCodeStore, 'isKnown' | 'poll'>
  readonly refreshKeys: { minting(): RefreshKey; find(id: string): RefreshKey | undefined }
  /** Whatever this server ever signed as an access token, expired or not: it recognises, and honours nothing. */
  recognizeAccessToken(token: string): Promise<AccessHalf | undefined>
  /** The key that signs this client's access tokens now. */
  signingKid(client: Client): string
  /**
   * Whom the tokens of this request are bound to. Asking spends the proof, which is a row: what can fail without the
   * database comes before. A grant that asked no earlier has nobody to bind its tokens to.
   */
  sender(): Promise<Sender>
  /** Of a client whose refresh token is delivered so; who sent it was checked. */
  readonly refreshCookie: string | undefined
  /** The id of the session that the asking browser has at this server, by a cookie that no script reads. */
  sessionAtBrowser(): Promise<string | undefined>
  readonly random: Random
  readonly now: Date
  readonly origin: Origin
}

export type GrantType = {
  readonly name: Client['grant_types'][number]
  authorize(parameters: Parameters, client: Client, dependencies: GrantDependencies): Promise<Authorization>
}
