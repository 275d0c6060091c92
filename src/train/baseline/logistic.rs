//! Logistic regression with an L2 penalty on the weights, not on the intercepts: binary for two classes,
//! multinomial for more.
//!
//! Fitted by a Newton method whose steps are found by conjugate gradients, which needs products with the
//! Hessian but never the Hessian itself: a handful of vectors of the length of the weights, and quadratic
//! convergence at the end.

use super::tfidf::{Row, Sparse};

/// Conjugate-gradient iterations of one Newton step, at most.
const MAX_CG: usize = 200;

/// Halvings of one Newton step, at most; past that the loss no longer falls within its precision.
const MAX_HALVINGS: usize = 30;

/// A fitted regression.
#[derive(Clone, Debug)]
pub(crate) struct Logistic {
    shape: Shape,
    /// `[width + 1][outputs]`; the last row holds the intercepts.
    weights: Vec<f64>,
}

/// What the weights mean. Two classes have one output, the log-odds of the second: with one each, the penalty
/// would count half, and the result would not be scikit-learn's.
#[derive(Clone, Copy, Debug)]
struct Shape {
    width: usize,
    outputs: usize,
    binary: bool,
}

impl Logistic {
    /// Minimises the mean loss of `targets` (class numbers, each below `classes`) plus |w|^2 / (2 c rows).
    pub(crate) fn fit(
        rows: &Sparse,
        targets: &[usize],
        classes: usize,
        c: f64,
        tolerance: f64,
        max_iter: usize,
    ) -> Self {
        let shape = Shape::new(rows.width, classes);
        let n = rows.len() as f64;
        let weights = Problem {
            shape,
            rows,
            targets,
            n,
            ridge: 1.0 / (c * n),
        }
        .minimise(tolerance, max_iter);
        Self { shape, weights }
    }

    /// How many weights one has; as many as can be counted where they are more.
    pub(super) fn parameters(width: usize, classes: usize) -> usize {
        let shape = Shape::new(width, classes);
        shape.width.saturating_add(1).saturating_mul(shape.outputs)
    }

    /// One with given weights `[width + 1][outputs]`; `None` if there are not as many, or one is not finite.
    pub(super) fn of(width: usize, classes: usize, weights: Vec<f64>) -> Option<Self> {
        let shape = Shape::new(width, classes);
        (weights.len() == shape.parameters() && weights.iter().all(|w| w.is_finite()))
            .then_some(Self { shape, weights })
    }

    /// `[width + 1][outputs]`.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The probability of each class for one row.
    pub(crate) fn predict_proba(&self, row: Row<'_>) -> Vec<f64> {
        let mut p = vec![0.0; self.shape.outputs];
        self.shape.scores(row, &self.weights, &mut p);
        self.shape.respond(&mut p);
        if self.shape.binary {
            vec![1.0 - p[0], p[0]]
        } else {
            p
        }
    }
}

impl Shape {
    fn new(width: usize, classes: usize) -> Self {
        let binary = classes == 2;
        Self {
            width,
            outputs: if binary { 1 } else { classes },
            binary,
        }
    }

    fn parameters(&self) -> usize {
        (self.width + 1) * self.outputs
    }

    /// The row's entries, and the constant 1 that the intercepts belong to.
    fn entries(self, row: Row<'_>) -> impl Iterator<Item = (usize, f64)> {
        row.entries()
            .chain([(self.width, 1.0)])
            .map(move |(column, value)| (column * self.outputs, value))
    }

    /// out = row times weights.
    fn scores(self, row: Row<'_>, weights: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (at, value) in self.entries(row) {
            for (sum, weight) in out.iter_mut().zip(&weights[at..]) {
                *sum += value * weight;
            }
        }
    }

    /// into += the row transposed, times `coefficients`.
    fn scatter(self, row: Row<'_>, coefficients: &[f64], into: &mut [f64]) {
        for (at, value) in self.entries(row) {
            for (sum, coefficient) in into[at..].iter_mut().zip(coefficients) {
                *sum += value * coefficient;
            }
        }
    }

    /// Turns scores into probabilities, and returns the logarithm of what they were divided by. Safe from
    /// overflow.
    fn respond(self, scores: &mut [f64]) -> f64 {
        if self.binary {
            let z = scores[0];
            scores[0] = 1.0 / (1.0 + (-z).exp());
            return z.max(0.0) + (-z.abs()).exp().ln_1p();
        }
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for score in scores.iter_mut() {
            *score = (*score - highest).exp();
            sum += *score;
        }
        for score in scores.iter_mut() {
            *score /= sum;
        }
        highest + f64::ln(sum)
    }
}

/// The objective.
struct Problem<'a> {
    shape: Shape,
    rows: &'a Sparse,
    targets: &'a [usize],
    n: f64,
    ridge: f64,
}

impl Problem<'_> {
    fn minimise(&self, tolerance: f64, max_iter: usize) -> Vec<f64> {
        let mut weights = vec![0.0; self.shape.parameters()];
        let mut gradient = vec![0.0; weights.len()];
        let mut probabilities = vec![0.0; self.rows.len() * self.shape.outputs];
        let mut loss = self.evaluate(&weights, &mut gradient, &mut probabilities);
        for _ in 0..max_iter {
            if gradient.iter().all(|g| g.abs() <= tolerance) {
                break;
            }
            let step = self.newton_step(&gradient, &probabilities);
            let slope = dot(&gradient, &step);
            let rounding = 8.0 * f64::EPSILON * loss.abs();
            let mut size = 1.0;
            let mut halvings = 0;
            loop {
                let trial: Vec<f64> = weights.iter().zip(&step).map(|(w, s)| w + size * s).collect();
                let at_trial = self.evaluate(&trial, &mut gradient, &mut probabilities);
                if at_trial <= loss + 1e-4 * size * slope + rounding {
                    (weights, loss) = (trial, at_trial);
                    break;
                }
                if halvings == MAX_HALVINGS {
                    return weights;
                }
                size /= 2.0;
                halvings += 1;
            }
        }
        weights
    }

    /// The objective at `weights`, its gradient and the rows' probabilities `[rows][outputs]`.
    fn evaluate(&self, weights: &[f64], gradient: &mut [f64], probabilities: &mut [f64]) -> f64 {
        self.start_with_penalty(weights, gradient);
        let mut loss = dot(weights, gradient) / 2.0;
        let mut residual = vec![0.0; self.shape.outputs];
        let outputs = probabilities.chunks_exact_mut(self.shape.outputs);
        for ((row, &target), p) in self.rows.rows().zip(self.targets).zip(outputs) {
            self.shape.scores(row, weights, p);
            // The first of two classes has no output of its own: its score is 0.
            let output = if self.shape.binary {
                target.checked_sub(1)
            } else {
                Some(target)
            };
            let score = output.map_or(0.0, |output| p[output]);
            loss += (self.shape.respond(p) - score) / self.n;
            residual.copy_from_slice(p);
            if let Some(output) = output {
                residual[output] -= 1.0;
            }
            for r in &mut residual {
                *r /= self.n;
            }
            self.shape.scatter(row, &residual, gradient);
        }
        loss
    }

    /// out = Hessian times v, at the weights that gave `probabilities`.
    fn curvature(&self, v: &[f64], probabilities: &[f64], out: &mut [f64]) {
        self.start_with_penalty(v, out);
        let mut u = vec![0.0; self.shape.outputs];
        for (row, p) in self
            .rows
            .rows()
            .zip(probabilities.chunks_exact(self.shape.outputs))
        {
            self.shape.scores(row, v, &mut u);
            if self.shape.binary {
                u[0] *= p[0] * (1.0 - p[0]) / self.n;
            } else {
                let mean = dot(p, &u);
                u.iter_mut()
                    .zip(p)
                    .for_each(|(u, p)| *u = p * (*u - mean) / self.n);
            }
            self.shape.scatter(row, &u, out);
        }
    }

    /// out = ridge times v, without the intercepts.
    fn start_with_penalty(&self, v: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let penalised = self.shape.width * self.shape.outputs;
        out[..penalised]
            .iter_mut()
            .zip(v)
            .for_each(|(out, v)| *out = self.ridge * v);
    }

    /// Conjugate gradients on Hessian * step = -gradient, only as far as the gradient is worth it.
    fn newton_step(&self, gradient: &[f64], probabilities: &[f64]) -> Vec<f64> {
        let mut step = vec![0.0; gradient.len()];
        let mut residual: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut direction = residual.clone();
        let mut product = vec![0.0; gradient.len()];
        let mut square = dot(&residual, &residual);
        let norm = square.sqrt();
        let enough = norm * norm.sqrt().min(0.1);
        for _ in 0..MAX_CG {
            self.curvature(&direction, probabilities, &mut product);
            let bend = dot(&direction, &product);
            if bend <= 0.0 {
                break;
            }
            let alpha = square / bend;
            for i in 0..step.len() {
                step[i] += alpha * direction[i];
                residual[i] -= alpha * product[i];
            }
            let next = dot(&residual, &residual);
            if next.sqrt() <= enough {
                break;
            }
            let beta = next / square;
            direction
                .iter_mut()
                .zip(&residual)
                .for_each(|(d, r)| *d = r + beta * *d);
            square = next;
        }
        step
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::baseline::tfidf::Tfidf;

    const TEXTS: [&str; 6] = [
        "red apple",
        "green apple",
        "blue sky",
        "grey sky",
        "green grass",
        "red grass sky",
    ];

    fn with_problem<T>(classes: usize, then: impl FnOnce(Problem<'_>) -> T) -> T {
        let (_, rows) = Tfidf::fit(&TEXTS, (1, 2));
        let targets: Vec<usize> = [0, 0, 1, 1, 2, 2].iter().map(|t| t % classes).collect();
        let shape = Shape {
            width: rows.width,
            outputs: if classes == 2 { 1 } else { classes },
            binary: classes == 2,
        };
        then(Problem {
            shape,
            rows: &rows,
            targets: &targets,
            n: 6.0,
            ridge: 1.0 / 60.0,
        })
    }

    /// A vector of unlike numbers.
    fn some(n: usize, by: f64) -> Vec<f64> {
        (0..n).map(|i| (i as f64 * by).sin()).collect()
    }

    #[test]
    fn gradient_and_curvature_are_the_derivatives() {
        for classes in [2, 3] {
            with_problem(classes, |problem| {
                let n = problem.shape.parameters();
                let (at, along) = (some(n, 1.3), some(n, 0.7));
                let moved = |by: f64| {
                    let weights: Vec<f64> = at.iter().zip(&along).map(|(a, b)| a + by * b).collect();
                    let (mut gradient, mut p) = (vec![0.0; n], vec![0.0; 6 * problem.shape.outputs]);
                    (problem.evaluate(&weights, &mut gradient, &mut p), gradient, p)
                };
                let h = 1e-5;
                let (here, before, after) = (moved(0.0), moved(-h), moved(h));
                let slope = (after.0 - before.0) / (2.0 * h);
                assert!((slope - dot(&here.1, &along)).abs() < 1e-9);
                let mut product = vec![0.0; n];
                problem.curvature(&along, &here.2, &mut product);
                for ((after, before), product) in after.1.iter().zip(&before.1).zip(product) {
                    assert!(((after - before) / (2.0 * h) - product).abs() < 1e-8);
                }
            });
        }
    }

    #[test]
    fn the_gradient_vanishes_at_the_minimum() {
        for classes in [2, 3] {
            with_problem(classes, |problem| {
                let weights = problem.minimise(1e-10, 50);
                let mut gradient = vec![0.0; weights.len()];
                problem.evaluate(&weights, &mut gradient, &mut vec![0.0; 6 * problem.shape.outputs]);
                assert!(gradient.iter().all(|g| g.abs() <= 1e-10));
                assert!(weights.iter().any(|w| w.abs() > 0.1));
            });
        }
    }

    #[test]
    fn extreme_scores_do_not_overflow() {
        let shape = |binary| Shape {
            width: 0,
            outputs: 1,
            binary,
        };
        let mut scores = [-2000.0];
        assert!(shape(true).respond(&mut scores).abs() < 1e-12);
        assert_eq!(scores, [0.0]);
        let mut scores = [5000.0, 4000.0];
        assert!((shape(false).respond(&mut scores) - 5000.0).abs() < 1e-9);
        assert_eq!(scores, [1.0, 0.0]);
    }
}
