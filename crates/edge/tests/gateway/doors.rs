//! Addresses that come and go, and sockets that another process opened.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use crate::rig::{Backend, Client, Http, Patience, Pki, Profile, Rig, Setup, patiently, whole};

const HOST: &str = "www.contoso.com";
const THERE: &str = "there.contoso.com";
const LONG: Duration = Duration::from_secs(600);

/// An address that nobody listens on just now.
fn free() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}

/// Waits until nothing is accepted there.
async fn refused(address: SocketAddr) {
    patiently(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn serves(client: &Client, address: SocketAddr, host: &str) {
    assert_eq!(client.get(address, host).await.status, 200, "{address}");
}

#[tokio::test]
async fn a_reload_opens_and_closes_addresses() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .cores(2)
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let here = gateway.address();
    let mut live = client.connect(here, HOST).await;
    assert_eq!(live.get(HOST).await.status, 200);
    for _ in 0..3 {
        gateway.reload(|setup| setup.also(THERE).at("127.0.0.2:0"));
        let there = gateway.addresses()[1];
        for _ in 0..5 {
            serves(&client, there, THERE).await;
            serves(&client, here, HOST).await;
        }
        let idle = client.connect(there, THERE).await;
        let mut http2 = client.clone().http2().connect(there, THERE).await;
        assert_eq!(http2.get(THERE).await.status, 200);
        gateway.reload(Setup::less);
        refused(there).await;
        idle.closed().await;
        http2.closed().await;
        assert_eq!(gateway.addresses(), [here]);
    }
    assert_eq!(live.get(HOST).await.status, 200);
}

#[tokio::test]
async fn requests_under_way_finish_on_an_address_that_is_gone() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::off())
            .also(THERE)
            .elsewhere()
            .start();
        let there = gateway.addresses()[1];
        let mut http = client.connect(there, THERE).await;
        let task = tokio::spawn(async move {
            let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
            let answer = whole(http.begin(THERE, request).await.unwrap()).await;
            http.closed().await;
            answer
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        gateway.reload(Setup::less);
        refused(there).await;
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsorry")
            .await;
        let answer = task.await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, "sorry"));
    }
}

#[tokio::test]
async fn all_new_addresses_are_opened_or_none_is() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let here = gateway.address();
    let client = Client::new(&pki);
    let mut live = client.connect(here, HOST).await;
    let open = free();
    let other = Setup::new(&pki, &backend)
        .site(THERE, Profile::off())
        .at(&open.to_string())
        .also(HOST)
        .at("192.0.2.1:443");
    let error = gateway.reload_in_vain(|_| other);
    assert_eq!(error.to_string(), "cannot listen on 192.0.2.1:443");
    assert!(TcpStream::connect(open).await.is_err());
    assert_eq!(gateway.addresses(), [here]);
    assert_eq!(live.get(HOST).await.status, 200);
    assert_eq!(live.get(THERE).await.status, 404);
    serves(&client, here, HOST).await;
}

#[tokio::test]
async fn an_address_may_go_and_come_back_at_once() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let there = free();
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .cores(2)
        .start();
    let client = Client::new(&pki);
    for _ in 0..20 {
        gateway.reload(|setup| setup.also(THERE).at(&there.to_string()));
        gateway.reload(Setup::less);
    }
    gateway.reload(|setup| setup.also(THERE).at(&there.to_string()));
    for _ in 0..10 {
        serves(&client, there, THERE).await;
    }
}

#[tokio::test]
async fn a_listener_may_go_from_one_address_of_the_machine_to_all_and_back() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let one = free();
    let all = SocketAddr::from(([0, 0, 0, 0], one.port()));
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .at(&one.to_string())
        .start();
    let client = Client::new(&pki);
    for address in [all, one, all] {
        gateway.reload(|setup| setup.at(&address.to_string()));
        assert_eq!(gateway.addresses(), [address]);
        let mut resets = 0;
        for _ in 0..20 {
            // Whom the kernel connects between the last look at a socket and its end is reset: nothing can be done
            // about that, and it is one at most here.
            match client.tls(one, HOST).await {
                Ok(tls) => assert_eq!(Http::over(tls).await.get(HOST).await.status, 200),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => resets += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(resets <= 1, "{resets}");
    }
}

#[tokio::test]
async fn two_hundred_addresses_are_listened_on() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut setup = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .asking("[limits]\npools = 400")
        .cores(2);
    for number in 1..200 {
        setup = setup.also(HOST).at(&format!("127.0.1.{number}:0"));
    }
    let mut gateway = setup.start();
    assert_eq!(gateway.addresses().len(), 200);
    let client = Client::new(&pki);
    for address in gateway.addresses() {
        serves(&client, *address, HOST).await;
    }
    gateway.reload(|setup| {
        (100..200)
            .fold(setup, |setup, _| setup.less())
            .also(HOST)
            .at("127.0.2.1:0")
    });
    assert_eq!(gateway.addresses().len(), 101);
    for address in gateway.addresses() {
        serves(&client, *address, HOST).await;
    }
}

#[tokio::test]
async fn sockets_of_another_process_serve_the_addresses_they_are_bound_to() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    let (here, there) = (first.local_addr().unwrap(), second.local_addr().unwrap());
    // What the other process keeps.
    let kept = [first.try_clone().unwrap(), second.try_clone().unwrap()];
    let setup = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .at(&here.to_string())
        .also(HOST)
        .elsewhere()
        .cores(2);
    let mut gateway = Rig::start_with(setup, vec![first, second]);
    assert_eq!(gateway.addresses()[0], here);
    let client = Client::new(&pki);
    for _ in 0..10 {
        serves(&client, here, HOST).await;
        serves(&client, gateway.addresses()[1], HOST).await;
    }
    for _ in 0..2 {
        // A connection waits in the kernel until somebody accepts on it.
        let waiting = TcpStream::connect(there).await.unwrap();
        gateway.reload(|setup| setup.also(THERE).at(&there.to_string()));
        let tls = client.tls_over(waiting, THERE).await.unwrap();
        let mut http = Http::over(tls).await;
        assert_eq!(http.get(THERE).await.status, 200);
        serves(&client, there, THERE).await;
        gateway.reload(Setup::less);
        http.closed().await;
    }
    let running = gateway.take();
    spawn_blocking(move || running.drain(LONG)).await.unwrap();
    drop(kept);
    refused(here).await;
}

#[tokio::test]
async fn a_gateway_that_leaves_sends_its_clients_away_and_turns_nobody_back() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let client = Client::new(&pki);
    let mut http1 = client.connect(gateway.address(), HOST).await;
    let mut http2 = client
        .clone()
        .http2()
        .connect(gateway.address(), HOST)
        .await;
    for http in [&mut http1, &mut http2] {
        let answer = http.get(HOST).await;
        assert!(answer.header("connection").is_empty());
    }
    gateway.running().leave();
    http2.closed().await;
    for mut http in [http1, client.connect(gateway.address(), HOST).await] {
        let answer = http.get(HOST).await;
        assert_eq!(
            (answer.status, answer.header("connection")),
            (200, vec!["close"])
        );
        http.closed().await;
    }
    let mut http2 = client.http2().connect(gateway.address(), HOST).await;
    for _ in 0..3 {
        assert_eq!(http2.get(HOST).await.status, 200);
    }
}

/// Who has just connected when the gateway stops is served: HTTP/1.1 could not tell it to try again.
#[tokio::test]
async fn a_first_request_that_crosses_the_drain_is_answered() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let client = Client::new(&pki);
    let patience = Patience::new();
    // The client may be too slow for it on a busy machine.
    loop {
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::off())
            .start();
        let address = gateway.address();
        let mut raw = client.raw(address, HOST).await;
        let running = gateway.take();
        let drained = spawn_blocking(move || running.drain(LONG));
        refused(address).await;
        raw.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"))
            .await;
        let rest = raw.rest().await;
        drained.await.unwrap();
        if !rest.is_empty() {
            let text = String::from_utf8_lossy(&rest).to_lowercase();
            assert!(text.starts_with("http/1.1 200"), "{text}");
            assert!(text.contains("connection: close"), "{text}");
            return;
        }
        patience.next_second().await;
    }
}

/// Connections that the kernel has made are served, though nobody had accepted them.
#[tokio::test]
async fn nobody_who_waits_to_be_accepted_is_reset() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let client = Client::new(&pki);
    let waiting = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = waiting.local_addr().unwrap();
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    let setup = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .at(&address.to_string())
        .also(THERE)
        .elsewhere();
    let mut gateway = Rig::start_with(setup, vec![waiting]);
    // Both connections that were accepted already and those that were not.
    let running = gateway.take();
    let drained = spawn_blocking(move || running.drain(LONG));
    for stream in streams {
        let mut http = Http::over(client.tls_over(stream, HOST).await.unwrap()).await;
        // The second that a first request may take begins with the end of the handshake.
        let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
        if let Ok(response) = http.begin(HOST, request).await {
            assert_eq!(whole(response).await.status, 200);
        }
    }
    drained.await.unwrap();
}

#[tokio::test]
async fn the_heart_of_a_gateway_can_be_felt() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .cores(3)
        .start();
    let heartbeat = gateway.running().heartbeat();
    patiently(heartbeat.felt()).await;
    gateway.stop();
    patiently(heartbeat.felt()).await;
}
