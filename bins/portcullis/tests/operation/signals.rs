//! SIGHUP, SIGTERM, and the time between a signal and the end.

use std::process::ExitStatus;

use crate::backend;
use crate::gateway::{Gateway, Scene};
use crate::program::Program;

fn with_delay(scene: &Scene, seconds: &str) -> Gateway {
    let mut command = scene.command();
    command.args(["--drain-delay", seconds]);
    Gateway {
        program: Program::start(&mut command),
    }
}

fn code(status: ExitStatus) -> Option<i32> {
    status.code()
}

#[tokio::test]
async fn sighup_reads_everything_again() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let mut live = scene.client().connect(gateway.address()).await.unwrap();
    for name in ["second", "third"] {
        let mark = gateway.program.mark();
        scene.put("portcullis.toml", scene.text("127.0.0.1:0", name));
        gateway.program.signal("HUP");
        gateway.replaced(mark);
        assert_eq!(live.mark().await, name);
    }
    // Asked for, it is done though nothing has changed.
    let mark = gateway.program.mark();
    gateway.program.signal("HUP");
    let line = gateway.replaced(mark);
    assert!(line.contains("SIGHUP"), "{line}");
}

#[tokio::test]
async fn clients_are_served_during_the_delay_and_told_to_go() {
    let scene = Scene::new(backend::start().await);
    let mut gateway = with_delay(&scene, "5");
    let address = gateway.address();
    let mut live = scene.client().connect(address).await.unwrap();
    live.get().await.unwrap();
    let mark = gateway.program.mark();
    gateway.program.signal("TERM");
    gateway.program.wait_for(mark, &["draining"]);
    let mut new = scene.client().connect(address).await.unwrap();
    for http in [&mut live, &mut new] {
        let headers = http.get().await.unwrap();
        assert_eq!(headers["connection"], "close");
    }
    assert_eq!(code(gateway.program.wait()), Some(0));
    assert!(scene.client().connect(address).await.is_err());
}

#[tokio::test]
async fn a_second_signal_ends_the_delay() {
    let scene = Scene::new(backend::start().await);
    let mut gateway = with_delay(&scene, "600");
    gateway.address();
    let mark = gateway.program.mark();
    gateway.program.signal("TERM");
    gateway.program.wait_for(mark, &["draining"]);
    gateway.program.signal("INT");
    assert_eq!(code(gateway.program.wait()), Some(1));
}
