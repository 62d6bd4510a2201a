import type { Texts } from './en.ts'

/** 한국어, 해요체. Particles never follow a name directly: they would depend on its last letter. */
export const ko: Texts = {
  copy: { copy: '복사', copied: '복사했어요' },
  account: '내 계정',
  username: '사용자 이름',
  password: '비밀번호',
  cancel: '취소',
  logOut: '로그아웃',

  login: {
    title: '로그인',
    next: (app) => `로그인하면 ${app} 앱으로 이동해요.`,
    answeredAt: (host) => `스스로 등록한 앱이며 ${host} 주소로 이어져요. 아는 주소일 때만 계속하세요.`,
    confirmTitle: '본인 확인',
    confirm: (app) =>
      app
        ? `계속하려면 비밀번호를 다시 입력해 주세요. ${app} 앱에서 요청했어요.`
        : '계속하려면 비밀번호를 다시 입력해 주세요.',
    submit: '로그인',
    confirmSubmit: '확인',
    other: '다른 계정 사용',
    wrong: '사용자 이름이나 비밀번호가 맞지 않아요. 확인하고 다시 입력해 주세요.',
    wrongPassword: '비밀번호가 맞지 않아요. 다시 입력해 주세요.',
    wait: (seconds) =>
      seconds < 120
        ? `시도 횟수가 너무 많아요. ${seconds}초 뒤에 다시 시도해 주세요.`
        : `시도 횟수가 너무 많아요. ${Math.ceil(seconds / 60)}분 뒤에 다시 시도해 주세요.`,
    full: '로그인할 수 있는 기기 수를 모두 쓰고 있어요. 다른 기기에서 로그아웃한 다음 다시 로그인해 주세요.',
    busy: (seconds) =>
      `지금 로그인하는 사람이 많아서 비밀번호를 확인하지 못했어요. ${seconds}초 뒤에 다시 시도해 주세요.`,
  },

  select: {
    title: '계정 선택',
    next: (app) => `선택한 계정으로 ${app} 앱에 로그인해요.`,
    continueAs: (person) => `${person} 계정으로 계속`,
  },

  consent: {
    title: (app) => `${app} 앱에 동의할까요?`,
    as: '로그인한 계정',
    wants: (app) => `${app} 앱에서 요청하는 권한`,
    added: '추가',
    scopes: {
      openid: '로그인할 때 나를 알아보기',
      profile: '프로필 보기: 이름, 사진, 언어, 시간대',
      email: '이메일 주소 보기',
      address: '우편 주소 보기',
      phone: '전화번호 보기',
      groups: '내가 속한 그룹 보기',
      roles: '내 역할 보기',
      offline_access: '내가 없을 때도 연결 유지하기 (취소할 때까지)',
    },
    otherScope: '앱에서 직접 정한 권한이에요',
    unverified: (app) => `‘${app}’ 앱을 누가 만들었는지 확인되지 않았어요.`,
    answeredAt: (host) => `스스로 등록한 앱이며 응답은 ${host} 주소로 보내요. 아는 주소일 때만 동의하세요.`,
    resources: '나를 대신해 이용하는 곳',
    site: (host) => `동의하면 ${host} 사이트로 이동해요.`,
    device: (host) => `동의하면 이 기기의 프로그램(${host})으로 돌아가요.`,
    native: (scheme) => `동의하면 ‘${scheme}’ 링크를 여는 앱으로 돌아가요.`,
    about: (host) => `앱 정보: ${host}`,
    policy: '개인정보 처리방침',
    terms: '서비스 이용약관',
    allow: '동의',
    deny: '동의 안 함',
  },

  logout: {
    title: '로그아웃할까요?',
    as: (person) => `${person} 계정으로 로그인되어 있어요.`,
    asked: (app) => `${app} 앱에서 로그아웃을 요청했어요.`,
    means: '이 브라우저에서 쓰던 앱에서도 로그아웃돼요. 내가 없을 때도 쓰도록 동의한 연결은 유지돼요.',
    stay: '로그인 유지',
    doneTitle: '로그아웃했어요',
    done: '이 창을 닫아도 돼요.',
    back: (app) => `${app} 앱으로 돌아가기`,
    leaving: (app) => `쓰던 앱에서도 로그아웃하고 있어요. 그다음 ${app} 앱으로 돌아가요.`,
    again: '다시 로그인',
  },

  error: {
    id: '요청 번호',
    code: '오류',
    back: (app) => `${app} 앱으로 가기`,
    kinds: {
      request: {
        title: '이 로그인 링크를 쓸 수 없어요',
        happened: '앱에서 보낸 요청을 서버가 받아들일 수 없어요.',
        means: '앱에 로그인되지 않았고, 공유된 정보도 없어요.',
        todo: '앱으로 돌아가 다시 시도해 주세요. 계속되면 아래 요청 번호와 함께 앱 운영자에게 알려 주세요.',
      },
      client: {
        title: '등록되지 않은 앱이에요',
        happened: '이 페이지를 연 앱은 여기에서 로그인할 수 있는 앱이 아니에요.',
        means: '앱에 로그인되지 않았고, 공유된 정보도 없어요.',
        todo: '맞는 곳에서 왔는지 확인해 주세요. 맞다면 아래 요청 번호와 함께 앱 운영자에게 알려 주세요.',
      },
      redirect_uri: {
        title: '앱으로 돌려보낼 수 없어요',
        happened: '앱이 요청한 주소가 등록된 주소와 달라요.',
        means: '내 정보가 모르는 곳에 전해지지 않도록 여기에서 멈췄어요.',
        todo: '앱으로 돌아가 다시 시도해 주세요. 계속되면 아래 요청 번호와 함께 앱 운영자에게 알려 주세요.',
      },
      expired: {
        title: '페이지가 만료됐어요',
        happened: '로그인 페이지를 연 지 너무 오래됐어요.',
        means: '앱에 공유된 정보는 없어요.',
        todo: '앱으로 돌아가 다시 로그인해 주세요.',
      },
      completed: {
        title: '이미 끝난 로그인이에요',
        happened: '다른 탭 등에서 이 로그인을 이미 마쳤어요.',
        means: '바뀐 것도, 다시 공유된 것도 없어요.',
        todo: '앱으로 돌아가 주세요. 로그인되어 있지 않다면 앱에서 다시 로그인해 주세요.',
      },
      other_browser: {
        title: '다른 브라우저에서 연 페이지예요',
        happened: '다른 브라우저나 시크릿 창에서 시작한 로그인이에요.',
        means: '안전을 위해 시작한 곳에서만 마칠 수 있어요.',
        todo: '그 브라우저로 돌아가거나, 이 브라우저에서 앱을 열어 다시 시작해 주세요.',
      },
      forbidden: {
        title: '양식을 처리할 수 없어요',
        happened: '이 브라우저가 방금 연 페이지에서 보낸 양식이 아니에요.',
        means: '아무것도 처리하지 않았어요.',
        todo: '뒤로 가서 페이지를 새로 고친 다음 다시 시도해 주세요. 이 사이트의 쿠키를 허용해야 해요.',
      },
      denied: {
        title: '계속할 수 없어요',
        happened: '이 계정에는 권한이 없어요.',
        means: '아무것도 처리하거나 공유하지 않았어요.',
        todo: '다른 계정을 사용하거나, 아래 요청 번호와 함께 서버 운영자에게 문의해 주세요.',
      },
      link: {
        title: '더 이상 쓸 수 없는 링크예요',
        happened: '이미 사용했거나 너무 오래된 링크예요.',
        means: '바뀐 것은 없어요.',
        todo: '새 링크를 요청해 주세요.',
      },
      not_found: {
        title: '페이지가 없어요',
        happened: '이 주소에는 아무것도 없어요.',
        means: '아무것도 처리하지 않았어요.',
        todo: '주소를 확인하거나 이전 페이지로 돌아가 주세요.',
      },
      too_many: {
        title: '요청이 너무 많아요',
        happened: '같은 네트워크에서 한꺼번에 너무 많은 요청이 왔어요.',
        means: '아무것도 처리하지 않았어요.',
        todo: '1분 뒤에 다시 시도해 주세요.',
      },
      unavailable: {
        title: '잠시 이용할 수 없어요',
        happened: '서버가 필요한 곳에 연결하지 못했어요.',
        means: '아무것도 처리하지 않았어요. 로그인은 유지돼요.',
        todo: '몇 초 뒤에 페이지를 새로 고쳐 주세요.',
      },
      server: {
        title: '서버에 문제가 생겼어요',
        happened: '서버에 예상하지 못한 오류가 생겼어요.',
        means: '방금 한 일이 처리되지 않았을 수 있어요.',
        todo: '다시 시도해 주세요. 계속되면 아래 요청 번호와 함께 서버 운영자에게 알려 주세요.',
      },
    },
    developer: {
      title: '개발자 정보',
      why: '서버가 내 컴퓨터에서 실행 중이어서 보여요.',
      check: '통과하지 못한 검사',
      caption: '받은 값과 등록된 값',
      parameter: '매개변수',
      received: '받은 값',
      registered: '등록된 값',
      absent: '없음',
    },
  },

  formPost: {
    title: '계속',
    text: (app) => `이제 ${app} 앱으로 돌아가요.`,
    submit: '계속',
  },

  administrator: {
    title: '첫 관리자 만들기',
    text: '이 링크는 한 번만 쓸 수 있어요. 로그인에 쓸 정보를 정해 주세요.',
    password: (length) => `${length}자 이상 입력해 주세요.`,
    again: '비밀번호 다시 입력',
    submit: '관리자 만들기',
    wrong: {
      username: '쓸 수 없는 사용자 이름이에요. 앞뒤 공백 없이 1~200자로 입력해 주세요.',
      taken: '이미 있는 사용자 이름이에요. 다른 이름을 입력해 주세요.',
      password: '쓸 수 없는 비밀번호예요. 더 긴 비밀번호를 입력해 주세요.',
      mismatch: '두 비밀번호가 달라요. 같은 비밀번호를 두 번 입력해 주세요.',
    },
    doneTitle: '관리자를 만들었어요',
    done: (person) => `이제 ${person} 계정으로 로그인할 수 있어요. 링크는 더 이상 쓸 수 없어요.`,
    goOn: '내 계정으로 가기',
  },

  start: {
    developmentTitle: 'Tessera 서버가 실행 중이에요',
    development: '이 컴퓨터에서 실행 중인 개발용 인증 서버예요. 함께 들어 있는 앱으로 사용해 보세요.',
    tryIt: '데모 앱에 로그인',
    person: '데모 계정',
    shell: '셸에서 사용하기',
    shellText: '데모 서비스의 토큰을 받는 명령이에요.',
    documents: '문서',
    discovery: '서버 정보(Discovery)',
    keys: '공개 키',
    adminTitle: '첫 관리자',
    admin: '첫 관리자를 만드는 일회용 링크는 서버 로그에 있어요.',
    productionTitle: '로그인 서버예요',
    production: '앱에서 로그인할 때 거치는 곳이에요. 쓰려는 앱을 열어 시작해 주세요.',
  },

  demo: {
    app: '데모 앱',
    title: '데모 앱',
    text: '로그인하기 전에는 나에 대해 아무것도 모르는 작은 앱이에요. 다른 앱과 똑같이 이 서버를 이용해요.',
    logIn: '로그인',
    signedInTitle: (person) => `${person} 님, 안녕하세요`,
    claims: '앱이 아는 내 정보',
    claim: '항목',
    value: '값',
    token: '액세스 토큰',
    expires: '만료',
    generation: '세대',
    api: '데모 API의 응답',
    notAsked: '아직 호출하지 않았어요.',
    status: '상태',
    refresh: '토큰 새로 받기',
    call: 'API 호출',
    errorTitle: '로그인을 마치지 못했어요',
    error: '서버에서 오류를 보냈어요. 데모 앱에 로그인되지 않았어요.',
    back: '데모 앱으로 돌아가기',
  },
}
