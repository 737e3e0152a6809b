"""A model of a few lines that examples and messages can show: decay from a start that is chosen."""

from typing import Final

__all__ = ["DECAY"]

DECAY: Final = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
  <model id="decay" timeUnits="second" substanceUnits="mole" extentUnits="mole" volumeUnits="litre">
    <listOfCompartments>
      <compartment id="c" spatialDimensions="3" size="2" units="litre" constant="true"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="S" compartment="c" initialConcentration="3" hasOnlySubstanceUnits="false"
        boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>
    <listOfReactions>
      <reaction id="loss" reversible="false" fast="false">
        <listOfReactants>
          <speciesReference species="S" stoichiometry="1" constant="true"/>
        </listOfReactants>
        <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
          <apply><times/><ci>k</ci><ci>S</ci><ci>c</ci></apply></math></kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
"""
"""First-order loss of one species: 3 mol/L in 2 L, halved every ln 2 / 0.5 s."""
