//! `bench`: how fast this device trains and classifies, and what holds it up.

mod memory;
mod work;

use burn::tensor::Device;
use serde_json::{Map, Value, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Bench, BenchWork, Event};
use crate::gpu::watch::{OUTSIDE, Report, Watch, can_count_submits};
use crate::host::clock::Instant;
use crate::ops::peak::{Peak, peak};
use crate::train::defaults::{BPTT, PRESETS, Preset};
use work::{ClassifierTraining, Classifying, LmTraining, Step, TEXT_TOKENS, Work};

/// Batch of the paper's sizes here: what the peers' measurement uses.
const PAPER_BATCH: usize = 16;
/// Steps that compile kernels and grow pools before any is timed.
const WARM_UP: usize = 2;
/// Seconds after which [`ENOUGH`] steps are enough.
const LONG: f64 = 30.0;
const ENOUGH: usize = 3;
const EVERY: [BenchWork; 3] = [
    BenchWork::LmTraining,
    BenchWork::ClassifierTraining,
    BenchWork::Classifying,
];

fn named(work: BenchWork) -> &'static str {
    match work {
        BenchWork::LmTraining => "LM training",
        BenchWork::ClassifierTraining => "classifier training",
        BenchWork::Classifying => "classifying",
    }
}

/// One kind of work with one preset.
struct Measured {
    preset: &'static str,
    work: BenchWork,
    step: Step,
    /// Of each step that was timed, in rising order.
    seconds: Vec<f64>,
    /// The steps that were timed on the CPU; one more step on a GPU.
    report: Report,
    /// Seconds of the steps in `report`.
    reported: f64,
    /// One more step on a GPU, with every kernel timed; `None` where the device has no clock.
    timed: Option<Report>,
    process_mib: Option<f64>,
    device_mib: Option<f64>,
}

impl Measured {
    fn median(&self) -> f64 {
        self.seconds
            .get(self.seconds.len() / 2)
            .copied()
            .unwrap_or(f64::NAN)
    }

    fn per_second(&self, count: usize) -> f64 {
        count as f64 / self.median()
    }

    /// Shares of a step by operation, the largest first, and of what they are shares.
    fn shares(&self) -> (&'static str, Vec<(&'static str, f64)>) {
        let (of, shares): (_, Vec<_>) = match &self.timed {
            Some(timed) => {
                let all = timed.total().device_seconds;
                let share = timed
                    .spans
                    .iter()
                    .map(|(&name, seen)| (name, seen.device_seconds / all));
                ("the kernels' time by the device's clock", share.collect())
            }
            None if self.device_mib.is_some() => ("", Vec::new()),
            None => {
                let share = self.report.spans.iter();
                let share = share.map(|(&name, seen)| (name, seen.host_seconds / self.reported));
                ("the time of the steps", share.collect())
            }
        };
        let mut shares = shares;
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        (of, shares)
    }
}

fn sync(device: &Device) -> Result<(), JobError> {
    device
        .sync()
        .map_err(|e| JobError::Failed(format!("the device failed: {e:?}")))
}

/// Times at most `steps` steps of `work`, and watches what they consist of.
async fn measure<W: Work>(
    mut work: W,
    (preset, kind): (&'static str, BenchWork),
    steps: usize,
    device: &Device,
    stage: &mut Stage<'_>,
) -> Result<Measured, JobError> {
    let on_gpu = memory::device_pools(device).is_some();
    for _ in 0..WARM_UP {
        work.step().await?;
        sync(device)?;
    }
    // Timing CPU operations costs two looks at the clock for each: the same steps do for both.
    let watch = (!on_gpu).then(Watch::start);
    let started = Instant::now();
    let mut seconds = Vec::new();
    for step in 0..steps {
        if stage.control.stop_asked() {
            return Err(JobError::Stopped("stopped; nothing was written".into()));
        }
        let began = Instant::now();
        work.step().await?;
        sync(device)?;
        seconds.push(began.elapsed().as_secs_f64());
        stage.progress(step as u64 + 1, steps as u64);
        if seconds.len() >= ENOUGH && started.elapsed().as_secs_f64() > LONG {
            break;
        }
    }
    let reported = started.elapsed().as_secs_f64();
    let (process_mib, device_mib) = (memory::process_peak(), memory::device_pools(device));
    let mut timed = None;
    let report = match watch {
        Some(watch) => watch.finish().await,
        None => {
            let watch = Watch::start();
            work.step().await?;
            sync(device)?;
            let report = watch.finish().await;
            let watch = Watch::start_timing();
            work.step().await?;
            sync(device)?;
            timed = Some(watch.finish().await).filter(|timed| timed.timed_on_device);
            report
        }
    };
    seconds.sort_by(f64::total_cmp);
    Ok(Measured {
        preset,
        work: kind,
        step: work.size(),
        seconds,
        report,
        reported,
        timed,
        process_mib,
        device_mib,
    })
}

async fn one(
    job: &Bench,
    preset: &Preset,
    work: BenchWork,
    device: &Device,
    control: &mut Control,
) -> Result<Measured, JobError> {
    let name = format!("{}, {}", named(work), preset.name);
    // A step of classifying reads four times as many texts as one of training.
    let steps = match work {
        BenchWork::Classifying => job.steps.div_ceil(2),
        _ => job.steps.max(1),
    };
    let mut stage = Stage::start(control, &name, Vec::new(), steps as u64, "steps");
    memory::begin(device);
    let usual = if preset.name == "paper" {
        PAPER_BATCH
    } else {
        preset.batch
    };
    let batch = job.batch.unwrap_or(usual).max(1);
    let (arch, what) = (preset.arch, (preset.name, work));
    let measured = match work {
        BenchWork::LmTraining => {
            let work = LmTraining::new(arch, batch, job.plain, device);
            measure(work, what, steps, device, &mut stage).await
        }
        BenchWork::ClassifierTraining => {
            let work = ClassifierTraining::new(arch, job.plain, device);
            measure(work, what, steps, device, &mut stage).await
        }
        BenchWork::Classifying => {
            let work = Classifying::new(arch, device).await?;
            measure(work, what, steps, device, &mut stage).await
        }
    }?;
    stage.done();
    Ok(measured)
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.digits$}"))
}

/// The measurements as a table; launches and submissions only where there is a device to launch on.
fn throughput(all: &[Measured], peak: Peak) -> Event {
    let on_gpu = all.iter().any(|m| m.device_mib.is_some());
    let mut columns = vec![
        "preset",
        "work",
        "batch",
        "tokens/s",
        "texts/s",
        "step, ms",
        "GFLOP/s",
        "of the peak, %",
        "process, MiB",
    ];
    if on_gpu {
        columns.extend(["device, MiB", "launches", "of our own", "submits"]);
    }
    let row = |m: &Measured| {
        let (flops, total) = (m.step.product_flops / m.median(), m.report.total());
        let mut row = vec![
            m.preset.to_string(),
            named(m.work).to_string(),
            m.step.batch.to_string(),
            format!("{:.0}", m.per_second(m.step.tokens)),
            number(m.step.texts.map(|texts| m.per_second(texts)), 1),
            format!("{:.1}", 1e3 * m.median()),
            format!("{:.1}", flops / 1e9),
            format!("{:.1}", 100.0 * flops / peak.per_second),
            number(m.process_mib, 0),
        ];
        if on_gpu {
            row.push(number(m.device_mib, 0));
            row.extend([total.launches, total.own_launches].map(|n| n.to_string()));
            row.push(m.report.submits.map_or_else(|| "-".into(), |n| n.to_string()));
        }
        row
    };
    Event::Table {
        title: "Throughput".into(),
        columns: columns.into_iter().map(String::from).collect(),
        rows: all.iter().map(row).collect(),
    }
}

/// Operations by rows, works by columns.
fn shares(all: &[Measured]) -> Option<Event> {
    let (mut columns, mut names) = (vec!["share of a step, %".to_string()], Vec::new());
    for m in all {
        columns.push(format!("{}, {}", m.preset, named(m.work)));
        for (name, _) in m.shares().1 {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    // What is no operation of its own comes last.
    names.sort_by_key(|&name| name.starts_with("rest of") || name == OUTSIDE);
    let row = |&name: &&'static str| {
        let share = |m: &Measured| {
            let found = m.shares().1.into_iter().find(|(other, _)| *other == name);
            number(found.map(|(_, share)| 100.0 * share), 1)
        };
        std::iter::once(name.to_string())
            .chain(all.iter().map(share))
            .collect()
    };
    let rows: Vec<Vec<String>> = names.iter().map(row).collect();
    (!rows.is_empty()).then(|| Event::Table {
        title: "Operations".into(),
        columns,
        rows,
    })
}

fn measurement(m: &Measured, peak: Peak) -> Value {
    let flops = m.step.product_flops / m.median();
    let (total, layers) = (m.report.total(), m.report.spans.iter());
    let lstm: u64 = layers
        .filter(|(name, _)| name.starts_with("lstm"))
        .map(|(_, seen)| seen.launches)
        .sum();
    let on_gpu = m.device_mib.is_some();
    let milliseconds = |at: usize| m.seconds.get(at).map(|s| s * 1e3);
    json!({
        "preset": m.preset,
        "work": m.work,
        "batch": m.step.batch,
        "tokens_per_step": m.step.tokens,
        "tokens_per_second": m.per_second(m.step.tokens),
        "texts_per_second": m.step.texts.map(|texts| m.per_second(texts)),
        "steps": m.seconds.len(),
        "step_ms_median": m.median() * 1e3,
        "step_ms_min": milliseconds(0),
        "step_ms_max": milliseconds(m.seconds.len().saturating_sub(1)),
        "product_gflop_per_step": m.step.product_flops / 1e9,
        "gflop_per_second": flops / 1e9,
        "share_of_peak": flops / peak.per_second,
        "process_peak_mib": m.process_mib,
        "device_pools_mib": m.device_mib,
        "launches_per_step": on_gpu.then_some(total.launches),
        "own_launches_per_step": on_gpu.then_some(total.own_launches),
        "lstm_launches_per_step": on_gpu.then_some(lstm),
        "submits_per_step": m.report.submits.filter(|_| on_gpu),
    })
}

fn operations(m: &Measured) -> Vec<Value> {
    let (of, shares) = m.shares();
    let shares = shares.into_iter().map(|(operation, share)| {
        json!({
            "preset": m.preset,
            "work": m.work,
            "operation": operation,
            "share": share,
            "of": of,
            "launches": m.report.spans.get(operation).map(|seen| seen.launches),
        })
    });
    shares.collect()
}

pub async fn run(job: Bench, control: &mut Control) -> Outcome {
    let chosen: Vec<Preset> = PRESETS
        .into_iter()
        .filter(|p| {
            job.preset
                .as_deref()
                .map_or(matches!(p.name, "small" | "paper"), |name| name == p.name)
        })
        .collect();
    if chosen.is_empty() {
        let names = PRESETS.map(|p| p.name).join(", ");
        return Err(JobError::Usage(format!(
            "there is no preset '{}'; the presets are {names}",
            job.preset.unwrap_or_default()
        )));
    }
    let device = start(control, "bench", &job.common).await?;
    let on_gpu = memory::device_pools(&device).is_some();
    if on_gpu && !can_count_submits() {
        control.note("Submissions are not counted: that takes the process's log. Unset RUST_LOG.");
    }
    let mut all = Vec::new();
    for preset in &chosen {
        for work in EVERY {
            if job.only.is_none_or(|only| only == work) {
                all.push(one(&job, preset, work, &device, control).await?);
            }
        }
    }
    // Last: its large buffers are no part of anybody's memory.
    let peak = peak(&device).map_err(|e| JobError::Failed(format!("the device failed: {e}")))?;
    control.emit(throughput(&all, peak));
    if let Some(table) = shares(&all) {
        control.emit(table);
    } else {
        control.note(
            "Shares of operations are not shown: the device does not time kernels with a clock of its own.",
        );
    }
    let mut result = Map::new();
    for (key, value) in [
        (
            "tokens_per_second",
            json!(all.first().map(|m| m.per_second(m.step.tokens))),
        ),
        ("measurements", all.iter().map(|m| measurement(m, peak)).collect()),
        ("operations", all.iter().flat_map(operations).collect()),
        ("peak_gflop_per_second", json!(peak.per_second / 1e9)),
        (
            "peak_is_of",
            json!(format!(
                "the f32 product of two {0} x {0} matrices, {1}",
                peak.size, peak.of
            )),
        ),
        (
            "counted",
            json!(
                "matrix products alone are counted as FLOP, from the sizes; launches are all kernels, Burn's too"
            ),
        ),
        ("dropout", json!(!job.plain)),
        ("bptt", json!(BPTT)),
        ("tokens_of_a_text", json!(TEXT_TOKENS)),
        ("threads", json!(rayon::current_num_threads())),
    ] {
        result.insert(key.into(), value);
    }
    Ok(result)
}
