//! `portcullis demo`: the main job with nothing set up.

mod backend;
mod check;
mod client;
mod scene;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::run::log_to_stderr;
use crate::terminal::Paint;
use backend::Show;
use scene::Scene;

/// How long requests in flight may take to finish when the demo ends.
const DRAIN: Duration = Duration::from_secs(5);

/// Shows the main job with nothing set up.
///
/// Makes a throwaway PKI in a new folder, starts an OCSP responder, a backend and the gateway on
/// loopback, prints lines for curl and openssl to try, and shows each request as it passes.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  portcullis demo --check")]
pub(crate) struct Demo {
    /// Run the lines, and say whether all answered as promised, instead of waiting for somebody to
    /// try them.
    #[arg(long)]
    check: bool,
}

/// Runs the demo until a signal ends it, or its check.
pub(crate) fn run(demo: Demo) -> Result<ExitCode, Box<dyn Error>> {
    let paint = Paint::of_stdout();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if demo.check {
        return runtime.block_on(async {
            let scene = Scene::set(Show::Nothing).await?;
            let passed = check::run(&scene, paint).await;
            let folder = scene.folder.clone();
            scene.end(DRAIN);
            std::fs::remove_dir_all(folder)?;
            Ok(if passed? {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        });
    }
    let _written = log_to_stderr();
    runtime.block_on(async {
        let scene = Scene::set(Show::Requests(paint)).await?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        introduce(&scene, paint)?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let folder = scene.folder.clone();
        scene.end(DRAIN);
        writeln!(
            io::stdout(),
            "\nThe folder {} stays; remove it when you are done.",
            folder.display()
        )?;
        Ok(ExitCode::SUCCESS)
    })
}

/// What is there and what to try.
fn introduce(scene: &Scene, paint: Paint) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", paint.strong("Portcullis demo"))?;
    writeln!(out, "  folder          {}", scene.folder.display())?;
    writeln!(out, "  configuration   {}", scene.configuration.display())?;
    writeln!(
        out,
        "  gateway         https://{}:{}",
        scene::HOST,
        scene.gateway().port()
    )?;
    writeln!(out, "  OCSP responder  http://{}", scene.responder)?;
    writeln!(out, "  backend         http://{}", scene.backend)?;
    writeln!(
        out,
        "\nTry these in another terminal; Ctrl-C ends the demo."
    )?;
    writeln!(out, "\ncd {}", scene.folder.display())?;
    for line in scene.lines() {
        writeln!(
            out,
            "\n{}",
            paint.strong(&format!("# {}: {}", line.title, line.promise()))
        )?;
        writeln!(out, "{}", line.command)?;
    }
    writeln!(out)?;
    out.flush()
}
