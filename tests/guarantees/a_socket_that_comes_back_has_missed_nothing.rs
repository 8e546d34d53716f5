//! Who was away and says how far he had come is told what he missed, each thing once and in order, and then what is new:
//! whatever was cut, killed or restarted meanwhile.

use serde_json::{Value, json};

use crate::fixture::customers::User;
use crate::fixture::load::Load;
use crate::fixture::screen::Screen;
use crate::fixture::socket::QUICK_HEARTBEAT;
use crate::fixture::{Bank, SOON};

/// Who has missed more than this asks the API anew.
const BEHIND_MAX: i64 = 5000;

struct Office {
    bank: Bank,
    caller: User,
    colleague: User,
    admin: User,
}

async fn office() -> Office {
    let bank = Bank::open().await;
    let caller = bank.customer().await;
    bank.refill(&caller, "1000.0000", "plenty").await;
    let colleague = bank.member(caller.organization, "member").await;
    let admin = bank.member(caller.organization, "admin").await;
    bank.stack.start_notifier(&[QUICK_HEARTBEAT]).await.unwrap();
    Office { bank, caller, colleague, admin }
}

impl Office {
    fn people(&self) -> [&User; 3] {
        [&self.caller, &self.colleague, &self.admin]
    }

    async fn screens(&self, notifiers: &[String]) -> Vec<Screen> {
        let mut screens = Vec::new();
        for user in self.people() {
            screens.push(Screen::of(&self.bank, user, notifiers).await);
        }
        screens
    }

    fn load(&self) -> Load {
        Load::start(&self.bank, &self.people().map(Clone::clone))
    }
}

/// As long as the load goes on, the screens show what comes.
async fn watch(screens: &mut [Screen], work: impl Future<Output = ()>) {
    let mut work = std::pin::pin!(work);
    let shown = screens.iter_mut().map(|screen| {
        Box::pin(async move {
            loop {
                screen.step().await;
            }
        })
    });
    tokio::select! {
        () = &mut work => {}
        _ = futures_util::future::select_all(shown) => {}
    }
}

/// Calls and recordings of all three, about a hundred events.
async fn a_busy_hour(office: &Office) {
    let bank = &office.bank;
    let calls: Vec<_> =
        (0..34).map(|n| office.people()[n % 3].calls("+523312345678", 61)).collect();
    bank.hang_up_all(&calls).await;
    bank.drained().await;
    for call in &calls {
        bank.tell(&call.recording("completed")).await;
    }
    bank.refill(&office.caller, "1.0000", "meanwhile").await;
    bank.drained().await;
}

#[tokio::test]
async fn a_hundred_events() {
    let office = office().await;
    let url = [office.bank.stack.notifier_url()];
    let mut screens = office.screens(&url).await;
    let begin = office.bank.seq(&office.caller).await;
    let call = office.caller.calls("+523312345678", 61);
    office.bank.hang_up(&call).await;
    for screen in &mut screens {
        screen.follow(begin + 2).await;
        screen.cut();
    }
    a_busy_hour(&office).await;
    assert_eq!(office.bank.seq(&office.caller).await, begin + 2 + 34 * 3 + 1);
    for screen in &mut screens {
        screen.shows_all(&office.bank, begin).await;
        assert_eq!(screen.returns, 1);
    }
    let kinds = |screen: &Screen, kind: &str| {
        screen.frames.iter().filter(|frame| frame["type"] == kind).count()
    };
    let told = |screen| {
        ["balance_updated", "new_call_log", "recording_ready"].map(|kind| kinds(screen, kind))
    };
    assert_eq!(told(&screens[0]), [36, 13, 12]);
    assert_eq!(told(&screens[1]), [36, 11, 11]);
    assert_eq!(told(&screens[2]), [36, 35, 34]);
    // And then what is new.
    office.bank.hang_up(&office.colleague.calls("+523312345678", 61)).await;
    office.bank.reaches(&office.caller, begin + 2 + 34 * 3 + 3).await;
    for screen in &mut screens {
        screen.shows_all(&office.bank, begin).await;
        assert_eq!(screen.returns, 1);
    }
}

#[tokio::test]
async fn while_redis_dies_under_load() {
    let office = office().await;
    let url = [office.bank.stack.notifier_url()];
    let begin = office.bank.seq(&office.caller).await;
    let mut screens = office.screens(&url).await;
    let load = office.load();
    let redis = office.bank.stack.redis();
    for times in 1..=2 {
        watch(&mut screens, load.accepts(20)).await;
        redis.process().kill();
        watch(&mut screens, load.accepts(10)).await;
        // Also who comes back while Redis is away is told what he missed.
        screens[0].cut();
        watch(&mut screens, load.accepts(10)).await;
        screens[0].is_back(times).await;
        redis.restart().await.unwrap();
        screens[1].cut();
        screens[1].is_back(times).await;
    }
    watch(&mut screens, load.accepts(20)).await;
    finish(&office, load, &mut screens, begin).await;
    assert_eq!([&screens[0], &screens[1], &screens[2]].map(|screen| screen.returns), [2, 2, 0]);
}

#[tokio::test]
async fn while_the_notifier_dies_under_load() {
    let office = office().await;
    let url = [office.bank.stack.notifier_url()];
    let begin = office.bank.seq(&office.caller).await;
    let mut screens = office.screens(&url).await;
    let load = office.load();
    let notifier = office.bank.notifiers().remove(0);
    for times in 1..=3 {
        watch(&mut screens, load.accepts(20)).await;
        notifier.process().kill();
        watch(&mut screens, load.accepts(10)).await;
        notifier.restart().await.unwrap();
        for screen in &mut screens {
            screen.is_back(times).await;
        }
    }
    watch(&mut screens, load.accepts(20)).await;
    finish(&office, load, &mut screens, begin).await;
    assert!(screens.iter().all(|screen| screen.returns == 3));
}

#[tokio::test]
async fn at_another_notifier() {
    let office = office().await;
    office.bank.stack.start_notifier(&[QUICK_HEARTBEAT]).await.unwrap();
    let notifiers = office.bank.notifiers();
    let urls: Vec<_> = notifiers.iter().map(|notifier| notifier.url().to_owned()).collect();
    let begin = office.bank.seq(&office.caller).await;
    let mut screens = office.screens(&urls).await;
    let load = office.load();
    for (times, notifier) in [(1, &notifiers[0]), (2, &notifiers[1])] {
        watch(&mut screens, load.accepts(20)).await;
        // The first is killed, the second told to go.
        match times {
            1 => notifier.process().kill(),
            _ => notifier.process().terminate(),
        }
        watch(&mut screens, load.accepts(20)).await;
        for screen in &mut screens {
            screen.is_back(times).await;
        }
        notifier.process().ended(SOON).await.unwrap();
        notifier.restart().await.unwrap();
    }
    watch(&mut screens, load.accepts(20)).await;
    finish(&office, load, &mut screens, begin).await;
    assert!(screens.iter().all(|screen| screen.returns == 2));
}

async fn finish(office: &Office, load: Load, screens: &mut [Screen], begin: i64) {
    let sent = load.finish().await;
    office.bank.accounts_for(&sent).await;
    for screen in screens {
        screen.shows_all(&office.bank, begin).await;
    }
}

#[tokio::test]
async fn or_is_told_to_ask_anew() {
    let office = office().await;
    let (bank, user) = (&office.bank, &office.caller);
    let now = bank.seq(user).await;
    for (since, resumed) in [
        (now, true),
        (0, true),
        (now + 1, false),
        (-1, false),
        (i64::MIN, false),
        (i64::MAX, false),
    ] {
        let mut socket = bank.socket_since(user, since).await;
        let welcome = socket.welcome().clone();
        assert_eq!(
            (&welcome["seq"], &welcome["resumed"]),
            (&json!(now), &json!(resumed)),
            "{since}"
        );
        let missed = if resumed { now - since } else { 0 };
        let beat = socket.until(|frame| frame["type"] == "heartbeat").await;
        assert_eq!(beat.len(), usize::try_from(missed).unwrap() + 1, "{since}: {beat:?}");
        assert_eq!(beat.last().unwrap()["seq"], now);
    }
}

#[tokio::test]
async fn and_is_not_told_five_thousand_things_one_by_one() {
    let office = office().await;
    let (bank, user) = (&office.bank, &office.caller);
    // Numbers without rows: nobody reads them but who resumes.
    let far = bank.seq(user).await + BEHIND_MAX + 1;
    bank.sql(&format!("update wallets set seq = {far} where id = '{}'", user.wallet)).await;
    let mut away = bank.socket_since(user, far - BEHIND_MAX - 1).await;
    let welcome: Value = away.welcome().clone();
    assert_eq!((&welcome["seq"], &welcome["resumed"]), (&json!(far), &json!(false)));
    bank.refill(user, "1.0000", "next").await;
    assert_eq!(away.up_to(far + 1).await.len(), 1);

    // Rows that must be there and are not: better asked for anew than passed over in silence.
    let mut back = bank.socket_since(user, far + 1 - BEHIND_MAX).await;
    assert_eq!(back.welcome()["resumed"], true);
    assert_eq!(back.next().await.unwrap(), json!({ "type": "resync" }));
    bank.refill(user, "1.0000", "after").await;
    assert_eq!(back.up_to(far + 2).await.len(), 1);
}
