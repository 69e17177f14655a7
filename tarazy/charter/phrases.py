"""What the reader's edition says beside the clauses: in Kazakh, Russian and English."""

from enum import Enum

from tarazy.charter.book import Blind, Conflicts, FounderWord, Needed, Stages, Tie
from tarazy.charter.events import Body, Ground

PHRASES: dict[str, tuple[str, str, str]] = {
    "charter": ("Таразы ережелері", "Правила «Таразы»", "The charter of Tarazy"),
    "lead": (
        "Кім нені, қай ереже бойынша шешеді. Әр тармақтың өз мекенжайы бар.",
        "Кто что решает и по какому правилу. У каждого пункта свой адрес.",
        "Who decides what, and by which rule. Each clause has an address of its own.",
    ),
    "made": (
        "`charter.toml` файлынан жасалған, қолмен түзетпеңіз.",
        "Сделано из файла `charter.toml`, не правьте рукой.",
        "Made from the file `charter.toml`; do not edit it by hand.",
    ),
    "path": ("Өтінімнің жолы", "Путь заявки", "The path of an application"),
    "as of": ("Көрсетілген күн: {day}", "По состоянию на {day}", "As of {day}"),
    "who": ("Кім нені шешеді", "Кто что решает", "Who decides what"),
    "who head": ("Кім", "Кто", "Who"),
    "what head": ("Нені", "Что", "What"),
    "clauses": ("Тармақтар", "Пункты", "Clauses"),
    "clause": ("Тармақ", "Пункт", "Clause"),
    "sets": ("Белгілейді", "Устанавливает", "Sets"),
    "source": ("Дереккөз", "Источник", "Source"),
    "book": ("Кітаптың жолдары: {lines}", "Строки книги: {lines}", "Lines of the book: {lines}"),
    "interpretation": ("Түсіндірме", "Толкование", "Interpretation"),
    "examples": ("Мысалдар", "Примеры", "Examples"),
    "allowed": ("Болады", "Можно", "Allowed"),
    "refused": ("Болмайды", "Нельзя", "Refused"),
    "since": ("күшіне енген күні: {day}", "с {day}", "from {day}"),
    "yes": ("иә", "да", "yes"),
    "no": ("жоқ", "нет", "no"),
    "check": ("Соңғы тексеру", "Последняя проверка", "The last check"),
    "digest": ("Файлдың SHA-256 белгісі", "SHA-256 файла", "SHA-256 of the file"),
    "added": ("Қосылған тармақ", "Добавлен пункт", "Clause added"),
    "removed": ("Алынған тармақ", "Удалён пункт", "Clause removed"),
    "changed": ("Өзгерген тармақ", "Изменён пункт", "Clause changed"),
    "title": ("атауы", "заголовок", "title"),
    "text": ("мәтіні", "текст", "text"),
    "because": ("түсіндірмесі", "толкование", "reason"),
    "reason": ("бас тарту сөзі", "слова отказа", "words of the refusal"),
    "same": ("Айырмасы жоқ.", "Различий нет.", "There is no difference."),
    # bodies and what they decide
    "applicant": ("Өтінім беруші", "Заявитель", "Applicant"),
    "applicant does": (
        "Өтінім береді, шағымданады, жарияланғанға дейін қайтарып ала алады",
        "Подаёт заявку, обжалует, до оглашения может её отозвать",
        "Applies, appeals, may withdraw before release",
    ),
    "staff": ("Қызметкерлер", "Сотрудники", "Staff"),
    "staff do": (
        "Жарияланған шартты тексереді, гранттарды жүргізеді; шешім шығармайды",
        "Проверяют объявленные условия, ведут гранты; решений не принимают",
        "Check published conditions and manage grants; decide nothing",
    ),
    "committee": ("Сарапшылар комитеті", "Экспертный комитет", "Expert Committee"),
    "committee does": (
        "Бағалап, ұсынады не қабылдамайды; шағымды қарайды",
        "Оценивает и рекомендует или отклоняет; рассматривает обжалования",
        "Scores, and recommends or declines; hears appeals",
    ),
    "board": ("Қамқоршылар кеңесі", "Попечительский совет", "Board of Trustees"),
    "board does": (
        "Бекітеді, бекітпейді не қайтарады; грантты тоқтата алады",
        "Утверждает, не утверждает или возвращает; может остановить грант",
        "Confirms, declines or sends back; may stop a grant",
    ),
    "founder": (
        "Құрылтайшының орталық кеңсесі",
        "Центральный офис учредителя",
        "Founder's office",
    ),
    "founder after-conflict": (
        "Қамқоршының мүдделер қақтығысынан кейін ғана бекітеді не бекітпейді",
        "Только после конфликта интересов попечителя утверждает решение или нет",
        "Confirms or declines, only after a trustee's conflict of interest",
    ),
    "founder always": (
        "Кеңестің әр шешімін бекітеді не бекітпейді",
        "Утверждает или не утверждает каждое решение Совета",
        "Confirms or declines each decision of the Board",
    ),
    "executive": ("Әкімшілік басшы", "Исполнительный директор", "Executive head"),
    "executive does": ("Тізімді жариялайды", "Оглашает список", "Releases the list"),
    # the picture
    "picture": (
        "Өтінімнің органдар арқылы жүретін жолы",
        "Путь заявки через органы",
        "The path of an application through the bodies",
    ),
    "picture words": (
        "Жоғарыдан төмен: кім қарайды, не шешеді, қай жерде жол аяқталады.",
        "Сверху вниз: кто рассматривает, что решает и где путь кончается.",
        "From top to bottom: who judges, what is decided, and where a path ends.",
    ),
    "submits": ("Өтінім береді", "Подаёт заявку", "Applies"),
    "in window": ("Мерзім біткенге дейін", "До конца приёма", "Before the deadline"),
    "checks": (
        "Жарияланған шартпен салыстырады",
        "Сверяют с объявленными условиями",
        "Compare with the published conditions",
    ),
    "ineligible": ("Шартқа сай емес", "Не отвечает условиям", "Not eligible"),
    "appeal": (
        "Комитетке шағым, күн саны: {days}",
        "Обжалование в комитет, дней: {days}",
        "Appeal to the committee, days: {days}",
    ),
    "blind": ("Осы жерден есімсіз", "Отсюда без имени", "Without a name from here on"),
    "named": ("Есімдер ашылады", "Имена открываются", "Names open"),
    "experts": ("Сарапшы саны: {count}", "Экспертов: {count}", "Experts: {count}"),
    "sealed": (
        "Әркім алдымен өзі бағалайды",
        "Сначала каждый оценивает сам",
        "Each judges alone first",
    ),
    "recommends": ("Ұсынады: {needed}", "Рекомендует: {needed}", "Recommends: {needed}"),
    "declined": ("Қабылданбады", "Отклонено", "Declined"),
    "quorum": ("Кворум: {needed}", "Кворум: {needed}", "Quorum: {needed}"),
    "confirms": ("Бекітеді: {needed}", "Утверждает: {needed}", "Confirms: {needed}"),
    "not confirmed": (
        "Бекітілмеді: {grounds}",
        "Не утверждено: {grounds}",
        "Not confirmed: {grounds}",
    ),
    "returned": (
        "Соманы азайтуға қайтару, рет: {times}",
        "Возврат ради меньшей суммы, раз: {times}",
        "Back for a smaller sum, times: {times}",
    ),
    "released": (
        "Бәрінің шешімі бірге жарияланады",
        "Все решения оглашают вместе",
        "All decisions come out together",
    ),
    "grant": ("Грант", "Грант", "Grant"),
    "granted": (
        "Шарт, транштар, есеп, жабу",
        "Договор, транши, отчёт, закрытие",
        "Agreement, tranches, report, closing",
    ),
}

CHAPTERS: dict[str, tuple[str, str, str]] = {
    "1": ("Адамдар мен органдар", "Люди и органы", "People and bodies"),
    "2": ("Кімнің әрекеті есепке алынады", "Чьё действие учитывается", "Whose act counts"),
    "3": ("Өтінім", "Заявка", "The application"),
    "4": ("Комитет", "Комитет", "The committee"),
    "5": ("Сауалнама мен қақтығыс", "Декларации и конфликты", "Declarations and conflicts"),
    "6": ("Есімсіз бағалау", "Без имён", "Blindness"),
    "7": ("Комитеттің шешімі", "Решение комитета", "The committee's decision"),
    "8": ("Кеңестің шешімі", "Решение Совета", "The Board's decision"),
    "9": ("Құрылтайшы кеңсесі", "Офис учредителя", "The founder's office"),
    "10": ("Жариялау және грант беру", "Оглашение и присуждение", "Release and award"),
    "11": ("Грант", "Грант", "The grant"),
    "12": ("Қызметкерлер", "Сотрудники", "Staff"),
    "13": ("Көзделмеген жағдай", "Непредусмотренное", "The unforeseen"),
}

VALUES: dict[str, tuple[str, str, str]] = {
    "stages": ("Сатылар реті", "Порядок ступеней", "Order of stages"),
    "committee_of": ("Бірінші органның мүшелері", "Члены первого органа", "Who sits first"),
    "board_of": ("Екінші органның мүшелері", "Члены второго органа", "Who sits second"),
    "committee_size": (
        "Комитеттегі сарапшы саны",
        "Экспертов в комитете",
        "Experts on a committee",
    ),
    "committee_needs": ("Ұсынуға керегі", "Нужно для рекомендации", "Needed to recommend"),
    "expert_term_months": (
        "Бір комитеттегі ең ұзақ мерзім, ай",
        "Наибольший срок в одном комитете, месяцев",
        "Longest time on one committee, months",
    ),
    "expert_return": ("Кеткен сарапшы қайта ала ма", "Возвращение эксперта", "Experts may return"),
    "declaration_months": (
        "Сауалнаманың күші, ай",
        "Срок действия декларации, месяцев",
        "A declaration holds, months",
    ),
    "conflicts": (
        "Мүдделер қақтығысы бар мүше",
        "Член органа с конфликтом интересов",
        "A member in conflict",
    ),
    "blind_until": ("Есімсіз қаралады", "Без имени", "Blind until"),
    "highest_mark": ("Ең жоғары балл", "Высший балл", "Highest mark"),
    "appeal_days": ("Шағым беру мерзімі, күн", "Срок обжалования, дней", "Days for an appeal"),
    "board_quorum": ("Кеңестің кворумы", "Кворум Совета", "The Board's quorum"),
    "board_needs": ("Бекітуге керегі", "Нужно для утверждения", "Needed to confirm"),
    "board_tie": ("Дауыс тең бөлінсе", "При равенстве голосов", "An even vote"),
    "board_may_take_declined": (
        "Кеңес комитет қабылдамаған істі ала ма",
        "Совет вправе взять отклонённое комитетом",
        "The Board may take what the committee declined",
    ),
    "refusal_grounds": ("Бекітпеу негіздері", "Основания отказа", "Grounds of refusal"),
    "return_times": ("Қайтару саны", "Число возвратов", "Times a case may go back"),
    "founder_word": ("Құрылтайшы кеңсесінің сөзі", "Слово офиса учредителя", "The founder's word"),
    "founder_grounds": (
        "Құрылтайшы кеңсесінің негіздері",
        "Основания офиса учредителя",
        "The founder's grounds",
    ),
}

CHOICES: dict[Enum, tuple[str, str, str]] = {
    Needed.HALF: ("жартысынан көбі", "больше половины", "more than half"),
    Needed.TWO_THIRDS: ("үштен екісі", "две трети", "two thirds"),
    Needed.ALL: ("бәрі", "все", "all"),
    Stages.COMMITTEE_THEN_BOARD: (
        "комитет, содан соң Кеңес",
        "комитет, затем Совет",
        "committee, then Board",
    ),
    Stages.BOARD_THEN_COMMITTEE: (
        "Кеңес, содан соң комитет",
        "Совет, затем комитет",
        "Board, then committee",
    ),
    Stages.COMMITTEE_ONLY: ("тек комитет", "только комитет", "committee only"),
    Stages.BOARD_ONLY: ("тек Кеңес", "только Совет", "Board only"),
    FounderWord.NEVER: ("ешқашан", "никогда", "never"),
    FounderWord.AFTER_CONFLICT: (
        "қамқоршының қақтығысынан кейін",
        "после конфликта попечителя",
        "after a trustee's conflict",
    ),
    FounderWord.ALWAYS: ("әрқашан", "всегда", "always"),
    Conflicts.STAND_ASIDE: ("шеттеледі", "отстраняется", "stands aside"),
    Conflicts.IGNORED: ("қала береді", "остаётся", "stays"),
    Tie.DECLINES: ("бекітілмейді", "не утверждает", "declines"),
    Tie.CONFIRMS: ("бекітіледі", "утверждает", "confirms"),
    Blind.RELEASE: ("жарияланғанға дейін", "до оглашения", "release"),
    Blind.MEETING: ("соңғы орган шешкенге дейін", "до решения последнего органа", "the meeting"),
    Ground.FIT: ("мақсатқа сай емес", "не соответствует цели", "does not fit the purpose"),
    Ground.BUDGET: ("бюджет асыра жазылған", "бюджет завышен", "inflated budget"),
    Ground.IMPARTIALITY: ("бейтараптық", "беспристрастность", "impartiality"),
    Body.COMMITTEE: ("комитет", "комитет", "committee"),
    Body.BOARD: ("Қамқоршылар кеңесі", "Попечительский совет", "Board"),
    Body.FOUNDER: ("құрылтайшы кеңсесі", "офис учредителя", "founder's office"),
    Body.STAFF: ("қызметкерлер", "сотрудники", "staff"),
}

MONTHS = {
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "en": "January February March April May June July August September October November December",
}
