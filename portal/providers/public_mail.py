"""Mail domains that are everybody's. The DNS keeps them from being proven; this list says so at once, and why."""

_NAMES = """
126.com 139.com 163.com 188.com 21cn.com aim.com aliyun.com aol.com arcor.de att.net bellsouth.net bigpond.com
bluewin.ch bol.com.br btinternet.com charter.net comcast.net cox.net daum.net docomo.ne.jp duck.com
earthlink.net email.com ezweb.ne.jp fastmail.com fastmail.fm foxmail.com free.fr freenet.de gmail.com gmx.at
gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hinet.net hotmail.co.jp hotmail.co.uk
hotmail.com hotmail.com.tw hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.com
kakao.com laposte.net libero.it live.co.uk live.com live.de live.fr live.it live.nl mac.com mail.com mail.de
mail.ru mailbox.org mailfence.com mailinator.com me.com msa.hinet.net msn.com nate.com naver.com ntlworld.com
o2.pl orange.fr outlook.com outlook.com.tw outlook.de outlook.es outlook.fr outlook.it outlook.jp passport.com
pchome.com.tw pm.me posteo.de proton.me protonmail.ch protonmail.com qq.com rediffmail.com rocketmail.com
runbox.com sbcglobal.net seed.net.tw seznam.cz sfr.fr sina.cn sina.com sky.com sohu.com t-online.de telenet.be
terra.com.br tiscali.it tom.com tuta.com tuta.io tutanota.com tutanota.de uol.com.br verizon.net vip.qq.com
virgilio.it virginmedia.com wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.kr
yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.cn yahoo.com.hk yahoo.com.mx
yahoo.com.sg yahoo.com.tw yahoo.de yahoo.es yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru yeah.net ymail.com
zoho.com zohomail.com
"""
PUBLIC = frozenset(_NAMES.split())


def is_public(domain: str) -> bool:
    """Whether anybody can have an address of this domain. domain: in ASCII and lower case."""
    return domain in PUBLIC
