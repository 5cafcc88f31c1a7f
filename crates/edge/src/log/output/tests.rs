use std::io::Read as _;
use std::path::PathBuf;

use super::*;

fn settings(path: PathBuf) -> AccessLogSettings {
    let mut settings = AccessLogSettings::default();
    settings.output = LogOutput::File(path);
    settings
}

fn opened(path: PathBuf) -> (Output, Arc<AtomicU64>) {
    let dropped = Arc::new(AtomicU64::new(0));
    let output = Output::open(&settings(path), &dropped).unwrap().unwrap();
    (output, dropped)
}

#[test]
fn a_full_disk_loses_lines_and_counts_them() {
    let (output, dropped) = opened("/dev/full".into());
    for _ in 0..10 {
        output.submit("line\n".to_owned());
    }
    output.close();
    assert_eq!(dropped.load(Ordering::Relaxed), 10);
}

#[test]
fn a_pipe_that_nobody_reads_blocks_nobody_and_keeps_what_it_has() {
    let (mut reader, writer) = io::pipe().unwrap();
    let path = {
        use std::os::fd::AsRawFd as _;
        PathBuf::from(format!("/dev/fd/{}", writer.as_raw_fd()))
    };
    let (output, dropped) = opened(path);
    drop(writer);
    let line = format!("{}\n", "x".repeat(1_023));
    let sent: usize = 40_000;
    let begun = Instant::now();
    for _ in 0..sent {
        output.submit(line.clone());
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    let lost = usize::try_from(dropped.load(Ordering::Relaxed)).unwrap();
    assert!(lost > 0);
    let reading = thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        all
    });
    let Output {
        sender,
        state,
        ended,
        ..
    } = output;
    drop(sender);
    let _ = ended.into_inner().unwrap().recv();
    assert_eq!(state.queued.load(Ordering::Relaxed), 0);
    let all = reading.join().unwrap();
    assert_eq!(all.len(), (sent - lost) * line.len());
    assert!(all.chunks(line.len()).all(|part| part == line.as_bytes()));
}
