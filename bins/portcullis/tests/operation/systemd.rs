//! Sockets that were passed, and what the service manager is told.

use std::collections::HashSet;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::backend;
use crate::gateway::{Gateway, Scene};
use crate::program::{Program, run};

/// The command as systemd starts it, with what is its standard input as its only socket.
fn activated(scene: &Scene, environment: &str) -> Command {
    let command = scene.command();
    let mut shell = Command::new("sh");
    let line = format!("{environment} exec \"$@\" 3<&0 </dev/null");
    shell.args(["-c", &line, "sh"]).arg(command.get_program());
    shell.args(command.get_args()).env_remove("RUST_LOG");
    shell
}

const ONE: &str = "export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=https;";

#[tokio::test]
async fn a_passed_socket_serves_its_address_through_reloads_and_an_end() {
    let scene = Scene::new(backend::start().await);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    scene.put("portcullis.toml", scene.text(&address.to_string(), "first"));
    for _ in 0..2 {
        let passed: OwnedFd = socket.try_clone().unwrap().into();
        let mut command = activated(&scene, ONE);
        let mut gateway = Gateway {
            program: Program::start_with(&mut command, Stdio::from(passed)),
        };
        assert_eq!(gateway.address(), address);
        for _ in 0..5 {
            let mut http = scene.client().connect(address).await.unwrap();
            assert_eq!(http.mark().await, "first");
        }
        let mark = gateway.program.mark();
        gateway.program.signal("HUP");
        gateway.replaced(mark);
        // Another address is bound as ever; the socket waits for its own to come back.
        let mark = gateway.program.mark();
        scene.put("portcullis.toml", scene.text("127.0.0.2:0", "second"));
        gateway.program.signal("HUP");
        let other = gateway.address_after(mark);
        gateway
            .program
            .wait_for(mark, &["inherited socket", &address.to_string()]);
        let mut http = scene.client().connect(other).await.unwrap();
        assert_eq!(http.mark().await, "second");
        let mark = gateway.program.mark();
        let text = scene.text(&address.to_string(), "first");
        scene.put("portcullis.toml", text);
        gateway.program.signal("HUP");
        assert_eq!(gateway.address_after(mark), address);
        let mut http = scene.client().connect(address).await.unwrap();
        assert_eq!(http.mark().await, "first");
        gateway.program.signal("TERM");
        assert_eq!(gateway.program.wait().code(), Some(0));
    }
}

#[tokio::test]
async fn sockets_that_are_none_are_refused_and_those_of_others_left_alone() {
    let scene = Scene::new(backend::start().await);
    let ended = run(&mut activated(&scene, ONE));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("socket 0 (https)"), "{ended:?}");
    let many = "export LISTEN_PID=$$ LISTEN_FDS=99999999;";
    let ended = run(&mut activated(&scene, many));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("LISTEN_FDS"), "{ended:?}");
    let others = "export LISTEN_PID=1 LISTEN_FDS=1;";
    let gateway = Gateway {
        program: Program::start(&mut activated(&scene, others)),
    };
    gateway.address();
}

#[tokio::test]
async fn the_service_manager_is_told_of_start_reload_watchdog_and_end() {
    let scene = Scene::new(backend::start().await);
    let manager = UnixDatagram::bind(scene.file("notify")).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut seen = HashSet::new();
    let mut told = |words: &str| {
        loop {
            let mut buffer = [0; 1_024];
            let length = manager.recv(&mut buffer).unwrap();
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            seen.insert(message.lines().next().unwrap_or_default().to_owned());
            if message.contains(words) {
                return message;
            }
        }
    };
    let mut command = scene.command();
    command.env("NOTIFY_SOCKET", scene.file("notify"));
    command.env("WATCHDOG_USEC", "200000");
    let mut gateway = Gateway {
        program: Program::start(&mut command),
    };
    assert!(told("READY=1").contains("STATUS="));
    told("WATCHDOG=1");
    told("WATCHDOG=1");
    for (text, status) in [
        (scene.text("127.0.0.1:0", "second"), "STATUS=serving\n"),
        ("nonsense".to_owned(), "last good configuration"),
    ] {
        scene.put("portcullis.toml", text);
        gateway.program.signal("HUP");
        assert!(told("RELOADING=1").contains("MONOTONIC_USEC="));
        assert!(told("READY=1").contains(status));
    }
    gateway.program.signal("TERM");
    told("STOPPING=1");
    assert_eq!(gateway.program.wait().code(), Some(0));
}
