import { later } from '../clock.ts'
import { hashOf, initialAccessTokenPrefix } from '../oauth/registration/access-token.ts'
import { secret as newSecret } from '../random.ts'
import { type Context, withStores } from './context.ts'
import { wrongUsage } from './refusal.ts'
import { counted } from './table.ts'

export type InviteOptions = { readonly uses?: string; readonly expiresIn?: string }

const whole = (text: string | undefined, fallback: number, most: number, refusal: string): number => {
  const number = text === undefined ? fallback : Number(text)
  if (!Number.isInteger(number) || number < 1 || number > most) throw wrongUsage(refusal)
  return number
}

/** An initial access token, RFC 7591 §3: whoever has it registers so many clients. */
export const invite = (context: Context) => (options: InviteOptions) => {
  const uses = whole(options.uses, 1, 10_000, '--uses takes a number from 1 to 10000.')
  const seconds = whole(options.expiresIn, 86_400, 365 * 86_400, '--expires-in takes seconds, at most a year.')
  return withStores(context, async ({ registrations }, config) => {
    const now = context.clock.now()
    const expiresAt = later(now, seconds)
    const token = newSecret(context.random, initialAccessTokenPrefix)
    await registrations.invite({ id: context.random.uuid(), hash: hashOf(token), uses, expiresAt }, now)
    const { registration, issuer } = config
    return {
      json: { initial_access_token: token, uses, expires_at: expiresAt },
      text: [
        `initial_access_token  ${token}`,
        '',
        `Good for ${counted(uses, 'client', 'clients')} until ${expiresAt.toISOString()}, at ${issuer}/oauth2/register.`,
        'Keep it now: it is not shown again.',
      ].join('\n'),
      warning:
        registration === 'token'
          ? undefined
          : `REGISTRATION is ${registration} here: only a server with REGISTRATION=token asks for it.`,
    }
  })
}
