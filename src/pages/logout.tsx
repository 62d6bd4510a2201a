import { framed } from './document.tsx'
import { Hidden, type Pairs } from './form.tsx'
import { type Presentation, texts } from './language.ts'
import { webLink } from './link.ts'

export type Logout = {
  /** The client that asked, where it is known for sure. */
  readonly app?: string | undefined
  readonly person?: { readonly username: string } | undefined
  readonly csrf: string
  /** What must come back with the answer, such as `state`. */
  readonly fields?: Pairs | undefined
  readonly action?: string | undefined
}

/** OIDC RP-Initiated Logout §2: the person is asked. Sends `decision` = `log-out` or `stay`. */
export const logoutPage = (data: Logout, presentation: Presentation): string => {
  const t = texts[presentation.language]
  return framed(
    {
      title: t.logout.title,
      app: data.app,
      children: (
        <>
          <div class="stack">
            <h1>{t.logout.title}</h1>
            {data.app && <p>{t.logout.asked(data.app)}</p>}
            {data.person && <p>{t.logout.as(data.person.username)}</p>}
            <p class="muted">{t.logout.means}</p>
          </div>
          <form id="logout-form" method="post" action={data.action ?? '/logout'}>
            <Hidden fields={[['csrf', data.csrf], ...(data.fields ?? [])]} />
            <div class="buttons">
              <button id="logout-confirm" class="primary" type="submit" name="decision" value="log-out">
                {t.logOut}
              </button>
              <button id="logout-cancel" class="quiet" type="submit" name="decision" value="stay">
                {t.logout.stay}
              </button>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}

export type LoggedOut = {
  /** Where the person goes on: a registered URI only. */
  readonly back?: { readonly app: string; readonly uri: string } | undefined
  /** Front-Channel Logout §2: what apps have this browser load. */
  readonly frames?: readonly string[] | undefined
}

/** A person may follow it: on the web, or to an app of the device by a scheme that is a reversed domain name. */
const linkTo = (uri: string | undefined): string | undefined =>
  webLink(uri) ?? (uri !== undefined && /^[a-z][a-z\d+-]*\.[a-z\d.+-]*:/i.test(uri) ? uri : undefined)

/** As soon as every frame is there, or when one takes too long: a browser starts no other clock while one loads. */
const goOn = `function go() { location.replace(document.getElementById('logout-back').href) }
addEventListener('load', go)
setTimeout(go, 3000)`

/** Where it leads on, the answer says so too (`Refresh`), for browsers without script. */
export const loggedOutPage = ({ back, frames = [] }: LoggedOut, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const href = linkTo(back?.uri)
  const leaves = href !== undefined && frames.length > 0
  return framed(
    {
      title: t.logout.doneTitle,
      app: back?.app,
      children: (
        <>
          <div id="logged-out-page" class="stack">
            <h1>{t.logout.doneTitle}</h1>
            <p>{back && leaves ? t.logout.leaving(back.app) : t.logout.done}</p>
            {back && href && (
              <a id="logout-back" class="button primary" href={href} rel="noreferrer">
                {t.logout.back(back.app)}
              </a>
            )}
          </div>
          {frames.map((uri) => (
            // It may do what it needs to forget the person, and not lead this page away.
            <iframe
              key={uri}
              src={uri}
              title={t.logOut}
              hidden
              sandbox="allow-scripts allow-same-origin"
              referrerpolicy="no-referrer"
            />
          ))}
          {leaves && presentation.nonce && <script nonce={presentation.nonce}>{goOn}</script>}
        </>
      ),
    },
    presentation,
  )
}
