"""diffrax: Kvaerno5 on JAX in float64, vmap over batches of patients, scan over tablets.

Runs on the device that JAX takes by default; variant is the number of patients in a batch.
"""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from engine import sert29
from engine.measure import Runner, Solved, measure

jax.config.update("jax_enable_x64", True)


def setup(options):
    batch = int(options.variant)
    shape = jax.ShapeDtypeStruct((batch, sert29.N_PARAMETER), jnp.float64)
    compiled = jax.jit(jax.vmap(_patient(options.rtol))).lower(shape).compile()

    def solve(parameters):
        n = len(parameters)
        padded = np.concatenate([parameters, np.tile(parameters[-1], (-n % batch, 1))])
        parts = [compiled(jnp.asarray(part)) for part in padded.reshape(-1, batch, padded.shape[1])]
        final = np.concatenate([np.asarray(states) for states, _ in parts])[:n]
        steps = np.concatenate([np.asarray(count) for _, count in parts])[:n]
        return Solved(final=final, steps=int(steps.sum()))

    device = jax.devices()[0]
    method = f"Kvaerno5, vmap of {batch}, JAX {jax.__version__} on {device.device_kind}"
    return Runner(solve=solve, facts={"version": diffrax.__version__, "method": method})


def _patient(rtol):
    term = diffrax.ODETerm(lambda t, y, p: jnp.stack(sert29.rates(list(y), list(p))))
    control = diffrax.PIDController(rtol=rtol, atol=sert29.absolute_tolerance(rtol))

    def one(parameters):
        def day(state, _):
            tablet = sert29.DOSE * parameters[sert29.BIOAVAILABILITY]
            solution = diffrax.diffeqsolve(
                term,
                diffrax.Kvaerno5(),
                0.0,
                sert29.INTERVAL_H,
                None,
                state.at[sert29.DEPOT].add(tablet),
                parameters,
                stepsize_controller=control,
                saveat=diffrax.SaveAt(t1=True),
                adjoint=diffrax.ForwardMode(),
                max_steps=None,
            )
            return solution.ys[0], solution.stats["num_steps"]

        final, steps = jax.lax.scan(day, jnp.asarray(sert29.START), None, length=sert29.N_DOSE)
        return final, steps.sum()

    return one


if __name__ == "__main__":
    measure(setup)
