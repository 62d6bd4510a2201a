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
  /** Where the person may go on: a registered URI only. */
  readonly back?: { readonly app: string; readonly uri: string } | undefined
}

export const loggedOutPage = ({ back }: LoggedOut, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const href = webLink(back?.uri)
  return framed(
    {
      title: t.logout.doneTitle,
      app: back?.app,
      children: (
        <div id="logged-out-page" class="stack">
          <h1>{t.logout.doneTitle}</h1>
          <p>{t.logout.done}</p>
          {back && href && (
            <a class="button primary" href={href} rel="noreferrer">
              {t.logout.back(back.app)}
            </a>
          )}
        </div>
      ),
    },
    presentation,
  )
}
