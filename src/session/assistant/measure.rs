use super::head::Head;
use super::space::Space;
use super::tint::Occlusion;
use super::words::Words;
use crate::session::project::{LabelId, TextId};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use std::time::Instant;

#[test]
#[ignore]
fn table() {
    for name in ["sample", "trec6", "ag_news", "imdb"] {
        let rows: Vec<(String, String)> =
            serde_json::from_slice(&std::fs::read(format!("/tmp/assist/{name}.json")).unwrap()).unwrap();
        let mut names: Vec<&String> = rows.iter().map(|r| &r.1).collect();
        names.sort();
        names.dedup();
        let truth: Vec<LabelId> = rows
            .iter()
            .map(|r| names.iter().position(|n| **n == r.1).unwrap() as LabelId)
            .collect();
        let texts: Vec<String> = rows.iter().map(|r| r.0.clone()).collect();
        let mut order: Vec<TextId> = (0..texts.len() as u32).collect();
        order.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
        let t = Instant::now();
        let words = Words::fit(&texts, &order, 1);
        let words_s = t.elapsed();
        let t = Instant::now();
        let encoder = super::encoder::Encoder::load().unwrap();
        let load = t.elapsed();
        let mut space = Space::new(texts.len(), words, Some(encoder), 1);
        let t = Instant::now();
        for c in order.chunks(32) {
            space.learn(&texts, c).unwrap();
        }
        let s = t.elapsed().as_secs_f64();
        println!(
            "{name}: words {words_s:?}, load {load:?}, {:.0} texts/s",
            texts.len() as f64 / s
        );
        let mut sums = std::collections::BTreeMap::new();
        let seeds = 10;
        let mut fit_s = 0.0;
        for seed in 0..seeds {
            let mut p = order.clone();
            p.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(100 + seed));
            let test = &p[200..];
            for k in [20, 50, 100, 200] {
                let ex: Vec<_> = p[..k].iter().map(|&t| (t, truth[t as usize])).collect();
                let t = Instant::now();
                let head = Head::fit(&space.vectors, &ex).unwrap();
                if k == 100 {
                    fit_s += t.elapsed().as_secs_f64();
                }
                let tr: Vec<&str> = ex.iter().map(|e| texts[e.0 as usize].as_str()).collect();
                let lb: Vec<usize> = ex.iter().map(|e| e.1 as usize).collect();
                let base = crate::train::baseline::Baseline::fit(&tr, &lb, names.len()).unwrap();
                let te: Vec<&str> = test.iter().map(|&t| texts[t as usize].as_str()).collect();
                let bp = base.predict_proba(&te);
                let ours = test
                    .iter()
                    .filter(|&&t| head.predict(space.vectors.row(t as usize)) != truth[t as usize])
                    .count();
                let mut words_only = space.vectors.clone();
                for r in words_only.data.chunks_exact_mut(super::space::WIDTH) {
                    r[super::words::WIDTH..].fill(0.0);
                }
                let wh = Head::fit(&words_only, &ex).unwrap();
                let w = test
                    .iter()
                    .filter(|&&t| wh.predict(words_only.row(t as usize)) != truth[t as usize])
                    .count();
                let mut enc_only = space.vectors.clone();
                for r in enc_only.data.chunks_exact_mut(super::space::WIDTH) {
                    r[..super::words::WIDTH].fill(0.0);
                }
                let eh = Head::fit(&enc_only, &ex).unwrap();
                let e = test
                    .iter()
                    .filter(|&&t| eh.predict(enc_only.row(t as usize)) != truth[t as usize])
                    .count();
                let theirs = bp
                    .iter()
                    .zip(test)
                    .filter(|(p, t)| super::super::jobs::classify::best(p).0 != truth[**t as usize] as usize)
                    .count();
                let s = sums.entry(k).or_insert([0.0; 4]);
                let n = (test.len() * seeds as usize) as f64 / 100.0;
                s[0] += theirs as f64 / n;
                s[1] += w as f64 / n;
                s[2] += e as f64 / n;
                s[3] += ours as f64 / n;
            }
        }
        for (k, s) in &sums {
            println!(
                "{name} {k:4}: baseline {:.1}  words {:.1}  encoder {:.1}  both {:.1}",
                s[0], s[1], s[2], s[3]
            );
        }
        println!("head at 100 labels: {:.4} s", fit_s / seeds as f64);
        let ex: Vec<_> = order[..100].iter().map(|&t| (t, truth[t as usize])).collect();
        let head = Head::fit(&space.vectors, &ex).unwrap();
        let ex: Vec<_> = order.iter().map(|&t| (t, truth[t as usize])).take(2000).collect();
        let t = Instant::now();
        let _ = Head::fit(&space.vectors, &ex).unwrap();
        println!("head at {} labels: {:?}", ex.len(), t.elapsed());
        for &id in &order[100..104] {
            let t = Instant::now();
            let text = &texts[id as usize];
            let o = Occlusion::new(&space, text).unwrap();
            let tints = o.tints(&head);
            println!("tint {} words {:?}", text.split_whitespace().count(), t.elapsed());
            let mut shown: Vec<_> = tints
                .iter()
                .map(|t| (t.weight, &text[t.bytes.clone()], names[t.label as usize]))
                .collect();
            shown.sort_by(|a, b| b.0.total_cmp(&a.0));
            println!(
                "   [{}] {:?}: {:?}",
                names[truth[id as usize] as usize],
                text.chars().take(150).collect::<String>(),
                &shown[..shown.len().min(6)]
            );
        }
        let t = Instant::now();
        let mut layout = super::map::Layout::new(order.clone(), &space.vectors, 1);
        while !layout.done() {
            layout.advance();
        }
        println!("map of {}: {:?}", order.len(), t.elapsed());
        let places = layout.places(&order, &space.vectors);
        let out: Vec<_> = places
            .iter()
            .map(|(t, p)| (p[0], p[1], truth[*t as usize]))
            .collect();
        std::fs::write(
            format!("/tmp/assist/map.{name}.json"),
            serde_json::to_vec(&out).unwrap(),
        )
        .unwrap();
    }
}
